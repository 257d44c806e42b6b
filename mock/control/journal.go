package control

import (
	"net/http"
	"strconv"

	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/store"
)

func (c *Control) journalRules() map[string]rule {
	return map[string]rule{
		"listJournal": c.ofKnown(func(x *call) openapi.Response {
			page := c.mock.Journal().List(x.journalQuery())
			var next int64
			if page.More && x.text("newest") != "true" {
				next = page.Entries[len(page.Entries)-1].ID
			}
			return x.reply(http.StatusOK, struct {
				Entries []journal.Entry `json:"entries"`
				Next    int64           `json:"next,omitempty"`
				Dropped int64           `json:"dropped"`
			}{page.Entries, next, page.Dropped})
		}),
		"clearJournal": c.ofKnown(func(x *call) openapi.Response {
			if name := x.query("manufacturer"); name == nil || *name == store.AllManufacturers {
				c.mock.Journal().ClearAll()
			} else {
				c.mock.Journal().Clear(*name)
			}
			return x.done()
		}),
		"verify": func(x *call) openapi.Response {
			var expectation journal.Expectation
			if err := x.read(&expectation); err != nil {
				return x.fail(err)
			}
			if err := expectation.Check(); err != nil {
				return x.fail(err)
			}
			if err := c.checkSelection(x.context(), expectation.Manufacturer); err != nil {
				return x.fail(err)
			}
			verification := c.mock.Journal().Verify(expectation)
			if verification.Met {
				return x.reply(http.StatusOK, verification)
			}
			return x.reply(http.StatusConflict, struct { // so that curl --fail fails
				Error string `json:"error"`
				journal.Verification
			}{verification.Error(), verification})
		},
	}
}

// getHAR writes the archive as it is made.
func (c *Control) getHAR(w http.ResponseWriter, r *http.Request) {
	x := &call{request: r}
	if err := c.checkSelection(r.Context(), x.query("manufacturer")); err != nil {
		c.api.Fail(nil, http.StatusNotFound, err.Error()).Write(w)
		return
	}
	query := x.journalQuery()
	if x.query("limit") == nil {
		query.Limit = 0
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	_ = journal.HAR(w, c.mock.Journal().List(query).Entries, c.config.Version) // an error means that the client is gone
}

// journalQuery reads the query parameters.
func (c *call) journalQuery() journal.Query {
	q := journal.Query{
		Manufacturer: c.query("manufacturer"),
		UserID:       c.query("user_id"),
		Method:       c.text("method"),
		Path:         c.text("path"),
		Rule:         c.text("rule"),
		Fault:        c.text("fault"),
		Search:       c.text("search"),
		Limit:        c.limit(),
		Newest:       c.text("newest") == "true",
		Incomplete:   c.text("incomplete") == "true",
	}
	q.Class, _ = strconv.Atoi(c.text("class"))
	q.Status, _ = strconv.Atoi(c.text("status"))
	q.After, _ = strconv.ParseInt(c.text("after"), 10, 64)
	q.Before, _ = strconv.ParseInt(c.text("before"), 10, 64)
	return q
}
