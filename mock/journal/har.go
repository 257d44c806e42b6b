package journal

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// HAR writes entries in the HTTP Archive format, version 1.2, for the tools of
// browsers and proxies. What an entry does not know stands as -1, as the
// format has it.
func HAR(entries []Entry, version string) any {
	list := make([]harEntry, len(entries))
	for i := range entries {
		list[i] = newHAREntry(&entries[i])
	}
	return map[string]any{"log": map[string]any{
		"version": "1.2",
		"creator": map[string]string{"name": "nox-mock", "version": version},
		"entries": list,
	}}
}

type harEntry struct {
	Started  time.Time      `json:"startedDateTime"`
	Time     float64        `json:"time"`
	Request  harRequest     `json:"request"`
	Response harResponse    `json:"response"`
	Cache    struct{}       `json:"cache"`
	Timings  map[string]any `json:"timings"`
	Comment  string         `json:"comment,omitempty"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harRequest struct {
	Method      string       `json:"method"`
	URL         string       `json:"url"`
	Version     string       `json:"httpVersion"`
	Cookies     []harPair    `json:"cookies"`
	Headers     []harPair    `json:"headers"`
	Query       []harPair    `json:"queryString"`
	PostData    *harPostData `json:"postData,omitempty"`
	HeadersSize int          `json:"headersSize"`
	BodySize    int          `json:"bodySize"`
}

type harPostData struct {
	MediaType string    `json:"mimeType"`
	Params    []harPair `json:"params"`
	Text      string    `json:"text"`
	Comment   string    `json:"comment,omitempty"`
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	Version     string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int        `json:"bodySize"`
}

type harContent struct {
	Size      int    `json:"size"`
	MediaType string `json:"mimeType"`
	Text      string `json:"text,omitempty"`
}

func newHAREntry(e *Entry) harEntry {
	request, response := e.Request, e.Response
	scheme := "http://"
	if request.TLS {
		scheme = "https://"
	}
	made := harEntry{
		Started: e.Time,
		Time:    e.TookMS,
		Request: harRequest{
			Method: request.Method, URL: scheme + first(request.Headers, "Host") + request.Path, Version: request.Protocol,
			Cookies: []harPair{}, Headers: pairs(request.Headers), Query: []harPair{},
			HeadersSize: -1, BodySize: request.BodyBytes,
		},
		Response: harResponse{
			Status: response.Status, StatusText: http.StatusText(response.Status), Version: request.Protocol,
			Cookies: []harPair{}, Headers: pairs(response.Headers),
			Content:     harContent{len(response.Body), first(response.Headers, "Content-Type"), response.Body},
			HeadersSize: -1, BodySize: len(response.Body),
		},
		Timings: map[string]any{"send": 0, "wait": e.TookMS, "receive": 0},
		Comment: e.Why.Reason,
	}
	if request.Query != "" {
		made.Request.URL += "?" + request.Query
		if values, err := url.ParseQuery(request.Query); err == nil {
			made.Request.Query = pairs(values)
		}
	}
	if request.Body != "" {
		made.Request.PostData = &harPostData{MediaType: first(request.Headers, "Content-Type"), Params: []harPair{}, Text: request.Body, Comment: request.Encoding}
	}
	return made
}

func pairs(fields map[string][]string) []harPair {
	all := []harPair{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		for _, value := range fields[name] {
			all = append(all, harPair{name, value})
		}
	}
	return all
}

func first(fields map[string][]string, name string) string {
	if values := fields[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
