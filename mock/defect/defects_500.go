package defect

import "net/http"

// provokedDefects show when a 500 is brought about on purpose.
func provokedDefects() []Deviation {
	return []Deviation{
		must("500-as-503", "500/provoked", "Every 500 is a 503.", after(failed, setStatus(503))),
		must("500-as-200", "500/provoked", "Every 500 is a 200 with the error in the body.", after(failed, setStatus(200))),
		must("500-as-400", "500/provoked", "Every 500 is a 400.", after(failed, setStatus(400))),
		must("500-bad-gateway", "500/provoked", "Instead of a 500 a gateway answers with its 502 page.", after(failed, page(http.StatusBadGateway, "Bad Gateway"))),
		must("500-dropped", "500/provoked", "Instead of a 500 the connection is closed.", after(failed, dropped)),
		must("500-then-wedged", "500/serves-on", "After a 500 the server answers 500 only.", afterMany(1, failed, answered(201, 400, 401), serverError())),
		must("500-then-unavailable", "500/serves-on", "After a 500 the server answers 503 only.", afterMany(1, failed, always, page(http.StatusServiceUnavailable, "Service Unavailable"))),
		must("500-then-dead", "500/serves-on", "After a 500 the server closes every connection without an answer.", afterMany(1, failed, answered(201, 400, 401), dropped)),
		must("500-then-keys-lost", "500/serves-on", "After a 500 no key is known any more.", afterMany(1, failed, answered(201, 400), fail(401, "Invalid API key"))),
	}
}
