package control

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"

	"nox.energy/contract/mock/internal/openapi"
)

//go:embed page
var pageFiles embed.FS

// pagePolicy lets a browser load what this server serves, and nothing else; no
// script or style stands in the page itself, and none can be put there.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// page is the page for people: a document that is written for each request, and
// files that never change.
type page struct {
	document *template.Template
	files    map[string]pageFile // by path
}

type pageFile struct {
	mediaType string
	data      []byte
}

func newPage() (*page, error) {
	p := &page{files: map[string]pageFile{}}
	document, err := template.New("page.html.tmpl").Funcs(pageFuncs()).ParseFS(pageFiles, "page/page.html.tmpl")
	if err != nil {
		return nil, err
	}
	p.document = document
	all, err := pageFiles.ReadDir("page")
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		mediaType := pageMediaType(f.Name())
		if mediaType == "" {
			continue
		}
		data, err := pageFiles.ReadFile("page/" + f.Name())
		if err != nil {
			return nil, err
		}
		p.files["/page/"+f.Name()] = pageFile{mediaType, data}
	}
	return p, nil
}

// pageMediaType is that of a file which is served as it is, else "".
func pageMediaType(name string) string {
	switch {
	case strings.HasSuffix(name, ".css"):
		return "text/css; charset=utf-8"
	case strings.HasSuffix(name, ".js"):
		return "text/javascript; charset=utf-8"
	case strings.HasSuffix(name, ".svg"):
		return "image/svg+xml"
	}
	return ""
}

// holds tells whether a path belongs to the page.
func (p *page) holds(path string) bool { return path == "/" || strings.HasPrefix(path, "/page/") }

// servePage answers a request for the page or one of its files. They need no
// token: where there is one, the document has nothing in it but a form for it.
func (c *Control) servePage(r *http.Request) openapi.Response {
	if a, refused := c.guardPlace(c.api.First, r); refused {
		return a
	}
	found, known := c.page.files[r.URL.EscapedPath()]
	switch {
	case !known && r.URL.Path != "/":
		return c.api.RefuseUnknown(r, nil)
	case r.Method != http.MethodGet:
		return c.api.RefuseUnknown(r, []string{http.MethodGet, http.MethodHead})
	case !known:
		document, err := c.pageDocument(r)
		if err != nil {
			return c.api.Fail(nil, http.StatusInternalServerError, err.Error())
		}
		found = pageFile{"text/html; charset=utf-8", document}
	}
	return openapi.Response{Status: http.StatusOK, MediaType: found.mediaType, Body: found.data}.
		With("Content-Security-Policy", pagePolicy).
		With("Referrer-Policy", "no-referrer").
		With("Cross-Origin-Opener-Policy", "same-origin").
		With("Cross-Origin-Resource-Policy", "same-origin").
		With("X-Frame-Options", "DENY")
}

// pageDocument writes the document.
func (c *Control) pageDocument(r *http.Request) ([]byte, error) {
	var b bytes.Buffer
	err := c.page.document.Execute(&b, c.pageView(r.Context()))
	return b.Bytes(), err
}
