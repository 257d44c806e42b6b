package defect

import "net/http"

// otherRequestVariations answer other paths and methods otherwise; the
// contract says nothing about them.
func otherRequestVariations() []Deviation {
	otherMethod := both((*exchange).operation, not(method(http.MethodPost)))
	return []Deviation{
		legal("unknown-path-html", "Other paths are answered with the 404 page of a gateway.", after(elsewhere, page(http.StatusNotFound, "Not Found"))),
		legal("unknown-path-text", "Other paths are answered with 404 in plain text.", after(elsewhere, setStatus(http.StatusNotFound), contentType("text/plain"), setBody("404 page not found\n"))),
		legal("unknown-path-empty", "Other paths are answered with 404 and no body.", after(elsewhere, setStatus(http.StatusNotFound), without("Content-Type"), setBody(""))),
		legal("unknown-path-redirect", "Other paths are redirected to the documentation.", after(elsewhere, setStatus(http.StatusFound), setHeader("Location", "https://docs.nox.energy/"), setBody(""))),
		legal("method-426", "Other methods are answered with 426.", after(otherMethod, fail(http.StatusUpgradeRequired, "Upgrade required"))),
		legal("trace-closed", "At TRACE the connection is closed.", after(method(http.MethodTrace), dropped)),
		legal("method-405-empty", "Other methods are answered with 405, Allow and no body.", after(otherMethod, setStatus(http.StatusMethodNotAllowed), setHeader("Allow", "POST, OPTIONS"), without("Content-Type"), setBody(""))),
		legal("method-405-html", "Other methods are answered with the 405 page of a gateway.", after(otherMethod, page(http.StatusMethodNotAllowed, "Method Not Allowed"), setHeader("Allow", "POST"))),
		legal("method-404", "Other methods are answered with 404.", after(otherMethod, fail(http.StatusNotFound, "Not found"))),
		legal("method-501", "Other methods are answered with 501.", after(otherMethod, fail(http.StatusNotImplemented, "Not implemented"))),
		legal("method-401", "Other methods are answered with 401 if there is no key.", after(both(otherMethod, func(x *exchange) bool { return x.key() == "" }), fail(http.StatusUnauthorized, "Invalid API key"), setHeader("Www-Authenticate", "ApiKey"))),
		legal("method-403", "TRACE and other rare methods are answered with the 403 page of a gateway.", after(method(http.MethodTrace, http.MethodDelete, http.MethodPatch), page(http.StatusForbidden, "Forbidden"))),
	}
}
