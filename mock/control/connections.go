package control

import (
	"bytes"
	"net/http"
	"strconv"

	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/store"
)

// usualLimit is how much a page holds if the request does not say.
const usualLimit = 100

// limit is the query parameter of that name.
func (c *call) limit() int {
	if n, err := strconv.Atoi(c.text("limit")); err == nil {
		return n
	}
	return usualLimit
}

func (c *Control) connectionRules() map[string]rule {
	return map[string]rule{
		"listConnections": c.listConnections,
		"export":          c.export,
		"import":          c.imported,
		"reset": func(x *call) openapi.Response {
			var body struct {
				Manufacturer *string `json:"manufacturer"`
			}
			var err error
			if len(x.body) > 0 {
				err = x.read(&body)
			}
			if err == nil {
				err = c.mock.Reset(x.context(), body.Manufacturer)
			}
			if err != nil {
				return x.fail(err)
			}
			return x.done()
		},
	}
}

func (c *Control) listConnections(x *call) openapi.Response {
	manufacturer, err := x.manufacturer(c.mock)
	if err != nil {
		return x.fail(err)
	}
	page, next, err := c.mock.Connections(x.context(), *manufacturer, x.text("search"), x.text("cursor"), x.limit())
	if err != nil {
		return x.fail(err)
	}
	return x.reply(http.StatusOK, struct {
		Connections []store.Connection `json:"connections"`
		Next        string             `json:"next,omitempty"`
	}{c.mock.RedactConnections(page), next})
}

func (c *Control) export(x *call) openapi.Response {
	manufacturer, err := x.manufacturer(c.mock)
	if err != nil {
		return x.fail(err)
	}
	fixture, err := c.mock.Export(x.context(), manufacturer)
	if err != nil {
		return x.fail(err)
	}
	return x.reply(http.StatusOK, fixture)
}

func (c *Control) imported(x *call) openapi.Response {
	fixture, err := store.ReadFixture(bytes.NewReader(x.body))
	if err == nil {
		err = c.mock.Import(x.context(), fixture)
	}
	if err != nil {
		return x.fail(err)
	}
	return x.reply(http.StatusOK, map[string]int{"manufacturers": len(fixture.Manufacturers), "connections": len(fixture.Connections)})
}
