package checks

import (
	"net/http"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// ordinaryClient is the headers that a client sends without being told to.
type ordinaryClient struct {
	name   string
	header [][2]string // a name twice is two headers; without a value, none
}

// conformanceOrigin is the origin of a page that no server knows.
const conformanceOrigin = "https://conformance.example"

func ordinaryClients(media string) []ordinaryClient {
	return []ordinaryClient{
		{"axios", [][2]string{{"Accept", "application/json, text/plain, */*"}, {"Content-Type", media}, {"User-Agent", "axios/1.7.9"}, {"Accept-Encoding", "gzip, compress, deflate, br"}}},
		{"Java", [][2]string{{"Accept", "text/html, image/gif, image/jpeg, */*; q=0.2"}, {"Content-Type", media + ";charset=UTF-8"}, {"User-Agent", "Java/21.0.5"}, {"Accept-Encoding", ""}}},
		{"requests", [][2]string{{"Accept", "*/*"}, {"Content-Type", media}, {"User-Agent", "python-requests/2.32.3"}, {"Accept-Encoding", "gzip, deflate"}, {"Connection", "keep-alive"}}},
		{"Postman", [][2]string{{"Accept", "*/*"}, {"Content-Type", media}, {"User-Agent", "PostmanRuntime/7.43.0"}, {"Accept-Encoding", "gzip, deflate, br"}, {"Cache-Control", "no-cache"}, {"Postman-Token", "5c9a0b1e-8f4e-4d0c-9a55-3f0c7d1e2b4a"}}},
		{"OkHttp", [][2]string{{"Content-Type", media + "; charset=utf-8"}, {"User-Agent", "okhttp/4.12.0"}, {"Accept-Encoding", "gzip"}, {"Accept-Language", "de-DE,de;q=0.9,en;q=0.8"}}},
		{"Go", [][2]string{{"Content-Type", media}, {"User-Agent", "Go-http-client/1.1"}, {"Accept-Encoding", "deflate"}, {"Cookie", "lang=de; theme=dark"}, {"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}},
		{"curl", [][2]string{{"Accept", "*/*"}, {"Content-Type", media + `; charset="utf-8"`}, {"User-Agent", "curl/8.12.1"}, {"X-Request-Id", "conformance-1"}, {"X-Request-Id", "conformance-2"}}},
		{"a page in a browser", [][2]string{{"Accept", "*/*"}, {"Content-Type", media}, {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0"}, {"Accept-Encoding", "gzip, deflate, br"}, {"Accept-Language", "en-US,en;q=0.5"}, {"Origin", conformanceOrigin}, {"Referer", conformanceOrigin + "/"}}},
		{"one without a name", [][2]string{{"Content-Type", media}, {"User-Agent", ""}}},
	}
}

// as sends a request with the headers of a client instead of the runner's.
func (c ordinaryClient) as(r *wire.Request) *wire.Request {
	r = r.WithHeader("Accept").WithHeader("User-Agent", "") // which keeps net/http from sending its own
	values := map[string][]string{}
	for _, h := range c.header {
		values[h[0]] = append(values[h[0]], h[1])
	}
	for _, h := range c.header {
		if all := values[h[0]]; all[0] != "" {
			r = r.WithHeader(h[0], all...)
		}
	}
	return r
}

// clientChecks send what ordinary clients do, in the way they do.
func clientChecks(b *builder) {
	status := b.op.SuccessStatus()
	if status == "" || b.op.Body == nil {
		return
	}
	served := func(t *trial.Trial, r *wire.Request) {
		a := t.Send(r)
		if len(r.Header["Origin"]) > 0 && a.Status == http.StatusForbidden {
			return // as a server may that serves no page of another site (Fetch, "CORS protocol")
		}
		t.RequireStatus(a, status)
		t.RequireReadable(a)
		t.RequireEcho(a)
	}
	clients := ordinaryClients(b.op.Body.ContentType())
	names := make([]string, len(clients))
	for i, c := range clients {
		names[i] = c.name
	}
	b.add(status, checkText{
		name: "client-headers", ground: httpSays, prod: conformance.NotInProduction, pointer: b.op.Pointer + "/requestBody",
		summary: "the default headers of common HTTP clients are accepted",
		sends:   "a valid request with the default headers of " + strings.Join(names, ", ") + "; with the first also an invalid body and no key",
		why:     "Manufacturers use many HTTP libraries, and each adds headers of its own.",
	}, trial.StageAccept, func(t *trial.Trial) {
		trial.Each(t, clients, func(c ordinaryClient) string { return c.name }, func(t *trial.Trial, c ordinaryClient) {
			served(t, c.as(t.RequestFor(t.FirstUser())))
			if c.name != clients[0].name {
				return
			}
			if invalid := t.Op.InvalidStatus(); invalid != "" && t.Op.TakesJSON() && t.Op.Body.Schema.HasType("object") {
				t.RequireReadable(t.Expect(c.as(t.Request().WithText([]byte("{"), wire.Breaks)), invalid))
			}
			if refusal := t.Op.UnauthorizedStatus(); refusal != "" && len(t.Op.Security) > 0 {
				t.RequireReadable(t.Expect(c.as(t.Request().WithKeys()), refusal))
			}
		})
	})
	for _, w := range []struct {
		name, summary, sends, why string
		ground                    ground
		requests                  func(t *trial.Trial, r *wire.Request) []*wire.Request
	}{
		{"in-packets", "a body that arrives in several packets is read (rejecting a chunked one is only a warning)", "the headers, then the body in two packets; then in two chunks", "Networks split requests at any byte.", httpSays,
			func(t *trial.Trial, r *wire.Request) []*wire.Request {
				return []*wire.Request{r.InParts(2), r.Chunked().InParts(2)}
			}},
		{"upgrade", "an offer to upgrade to HTTP/2 is accepted or ignored", "a valid request with Upgrade: h2c, as Java's client sends it", "A widely used client sends it by default (RFC 9110, section 7.8).", stacksDiffer,
			func(t *trial.Trial, r *wire.Request) []*wire.Request {
				return []*wire.Request{r.Raw().MayClose().Hostile().Brief().WithHeader("Connection", "Upgrade, HTTP2-Settings").WithHeader("Upgrade", "h2c").WithHeader("HTTP2-Settings", "AAEAAEAAAAIAAAAAAAMAAABkAAQBAAAAAAUAAEAA")}
			}},
		{"http-10", "HTTP/1.0 is supported", "a valid request in HTTP/1.0", "Old proxies and probes still use it.", stacksDiffer,
			func(t *trial.Trial, r *wire.Request) []*wire.Request {
				return []*wire.Request{r.ByHTTP10().MayClose().Hostile().Brief()}
			}},
		{"pipelined", "pipelined requests get a response each", "two valid requests in one packet", "HTTP/1.1 allows a client to send the next request without waiting (RFC 9112, section 9.3.2).", stacksDiffer,
			func(t *trial.Trial, r *wire.Request) []*wire.Request {
				return []*wire.Request{r.Pipelined().MayClose().Brief()}
			}},
		{"between", "a valid request succeeds after a request without a body on the same connection", "GET, then a valid request, on one connection", "Clients reuse a connection for different requests.", httpSays,
			func(t *trial.Trial, r *wire.Request) []*wire.Request {
				if other := t.Session.RequestByMethod(t.Op, "GET"); other != nil && t.Op.Method != "GET" {
					t.Try(other.Single().Hostile())
				}
				return []*wire.Request{r.Single()}
			}},
	} {
		b.add(status, checkText{
			name: w.name, ground: w.ground, prod: conformance.NotInProduction, pointer: b.op.Pointer,
			summary: w.summary, sends: w.sends, why: w.why,
		}, trial.StageAround, func(t *trial.Trial) {
			for _, r := range w.requests(t, t.RequestFor(t.FirstUser())) {
				a := t.Try(r)
				switch {
				case a.Status == 101:
					continue
				case a.Arrived() && a.Proto == "HTTP/2.0" && w.name != "between":
					t.Skip("not applicable: the target only speaks HTTP/2")
				case w.name == "pipelined" && !a.Arrived() && a.Failure != wire.TimedOut:
					continue // as a server may after any response (RFC 9112, section 9.6)
				case w.ground == stacksDiffer && (a.Failure == wire.ConnectionClosed || a.Failure == wire.TimedOut), r.IsChunked() && a.Arrived() && !a.Succeeded():
					t.Warn(trial.DescribeStatus(status), a.Summary(), a)
				}
				t.RequireResponse(a)
				t.RequireStatus(a, status)
				t.RequireReadable(a)
				t.RequireEcho(a)
			}
		})
	}
	originCheck(b)
}

// originCheck looks whether a page of any site may read the responses.
func originCheck(b *builder) {
	b.add(trial.StatusHTTP, checkText{
		name: "cors", ground: goodPractice, prod: conformance.Harmless, pointer: b.op.Pointer + "/responses",
		summary: "no foreign web page can read the responses with a visitor's credentials",
		sends:   "a valid request with the Origin of a site that no server knows",
		why:     "Otherwise any open web page could use a key or cookie stored in the browser.",
	}, trial.StageAround, func(t *trial.Trial) {
		a := t.Send(t.RequestFor(t.FirstUser()).WithHeader("Origin", conformanceOrigin).Unconfirmed())
		if a.Header.Get("Access-Control-Allow-Origin") == conformanceOrigin && strings.EqualFold(a.Header.Get("Access-Control-Allow-Credentials"), "true") {
			t.Fail("no Access-Control-Allow-Origin for an unknown site with Access-Control-Allow-Credentials: true", "Access-Control-Allow-Origin: "+conformanceOrigin+", with credentials")
		}
	})
}
