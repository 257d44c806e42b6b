package journal

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// HAR writes entries in the HTTP Archive format, version 1.2, for the tools of
// browsers and proxies. What an entry does not know stands as -1, as the
// format has it. One entry is made at a time, as all may be large.
func HAR(w io.Writer, entries []Entry, version string) error {
	creator, err := json.Marshal(map[string]string{"name": "nox-mock", "version": version})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, `{"log":{"version":"1.2","creator":%s,"entries":[`, creator); err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range entries {
		if i > 0 {
			if _, err := io.WriteString(w, ","); err != nil {
				return err
			}
		}
		if err := e.Encode(newHAREntry(&entries[i])); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, "]}}\n")
	return err
}

type harEntry struct {
	Started  time.Time      `json:"startedDateTime"`
	Time     float64        `json:"time"`
	Request  harRequest     `json:"request"`
	Response harResponse    `json:"response"`
	Cache    struct{}       `json:"cache"`
	Timings  map[string]any `json:"timings"`
	Comment  string         `json:"comment,omitempty"`
	Mock     harMock        `json:"_nox_mock"`
}

// harMock is what only a mock knows of an exchange. The format leaves names that
// begin with an underscore to those who write it.
type harMock struct {
	Rule  string `json:"rule"`            // why it was answered so
	Fault string `json:"fault,omitempty"` // the kind of the fault that shaped the response
	Asked bool   `json:"asked,omitempty"` // the request asked the mock for its outcome
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
		Mock:    harMock{Rule: e.Why.Rule, Asked: e.Asked},
	}
	if e.Fault != nil {
		made.Mock.Fault = e.Fault.Kind
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
