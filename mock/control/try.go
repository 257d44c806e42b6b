package control

import (
	"errors"
	"io"
	"net/http"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/internal/openapi"
)

// about says what a mock serves.
type about struct {
	Version  string    `json:"version"`
	Started  time.Time `json:"started"` // another one: another mock, or the same after a restart
	BaseURL  string    `json:"base_url,omitempty"`
	Contract struct {
		Title   string `json:"title"`
		Version string `json:"version"`
	} `json:"contract"`
	Manufacturers []string         `json:"manufacturers"` // as they were when the mock knew last
	Operations    []aboutOperation `json:"operations"`
}

// aboutOperation is an operation with a valid request of it.
type aboutOperation struct {
	ID           string `json:"id"`
	Method       string `json:"method"`
	Path         string `json:"path"` // with the base path
	ContentType  string `json:"content_type,omitempty"`
	Body         string `json:"body,omitempty"`
	UserProperty string `json:"user_property,omitempty"`
}

func (c *Control) tryRules() map[string]rule {
	return map[string]rule{
		"getAbout": func(x *call) openapi.Response { return x.reply(http.StatusOK, c.about()) },
		"try": func(x *call) openapi.Response {
			var a mock.Attempt
			if err := x.read(&a); err != nil {
				return x.fail(err)
			}
			entry, err := c.mock.Try(x.context(), a)
			if errors.Is(err, mock.ErrNoKey) {
				return x.operation.Fail(http.StatusConflict, err.Error())
			}
			if err != nil {
				return x.fail(err)
			}
			return x.reply(http.StatusOK, entry)
		},
	}
}

func (c *Control) about() about {
	contract := c.mock.Contract()
	made := about{Version: c.config.Version, Started: c.started, BaseURL: c.config.BaseURL, Manufacturers: c.mock.KnownManufacturers(), Operations: []aboutOperation{}}
	made.Contract.Title, made.Contract.Version = contract.Title(), contract.Version()
	for _, declared := range contract.Operations() {
		req, err := c.mock.ExampleRequest(declared.ID, c.mock.BasePath(), "")
		if err != nil { // the contract gives no way to make one
			continue
		}
		o := aboutOperation{ID: declared.ID, Method: req.Method, Path: req.URL.RequestURI(), ContentType: req.Header.Get("Content-Type")}
		if req.Body != nil {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				continue
			}
			o.Body = string(body)
		}
		o.UserProperty = c.mock.UserProperty(declared.ID)
		made.Operations = append(made.Operations, o)
	}
	return made
}
