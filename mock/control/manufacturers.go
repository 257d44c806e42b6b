package control

import (
	"errors"
	"net/http"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/store"
)

// seenManufacturer is how the control API shows a manufacturer.
type seenManufacturer struct {
	Name        string   `json:"name"`
	Enabled     bool     `json:"enabled"`
	KeyDigests  []string `json:"key_sha256"`
	Connections int      `json:"connections"`
}

func (c *Control) manufacturerRules() map[string]rule {
	return map[string]rule{
		"listManufacturers": func(x *call) openapi.Response {
			all := []seenManufacturer{}
			known, err := c.mock.Manufacturers(x.context())
			if err != nil {
				return x.fail(err)
			}
			for _, m := range known {
				seen, err := c.seen(x, m)
				if err != nil {
					return x.fail(err)
				}
				all = append(all, seen)
			}
			return x.reply(http.StatusOK, map[string]any{"manufacturers": all})
		},
		"setManufacturer":    c.setManufacturer,
		"enableManufacturer": c.enableManufacturer,
		"removeManufacturer": func(x *call) openapi.Response {
			err := c.mock.RemoveManufacturer(x.context(), x.parameters["manufacturer"])
			if err != nil && !errors.Is(err, mock.ErrNoManufacturer) {
				return x.fail(err)
			}
			return x.done()
		},
	}
}

func (c *Control) seen(x *call, m store.Manufacturer) (seenManufacturer, error) {
	n, err := c.mock.CountConnections(x.context(), m.Name)
	return seenManufacturer{m.Name, m.Enabled, m.KeyDigests, n}, err
}

func (c *Control) setManufacturer(x *call) openapi.Response {
	var body struct {
		Keys    []string `json:"keys"`
		Enabled *bool    `json:"enabled"`
	}
	if err := x.read(&body); err != nil {
		return x.fail(err)
	}
	set := store.Manufacturer{Name: x.parameters["manufacturer"], Keys: body.Keys, Enabled: body.Enabled == nil || *body.Enabled}
	if _, err := c.mock.SetManufacturer(x.context(), set); err != nil {
		return x.fail(err)
	}
	return c.show(x, set.Name)
}

func (c *Control) enableManufacturer(x *call) openapi.Response {
	var body struct {
		Enabled bool `json:"enabled"`
	}
	if err := x.read(&body); err != nil {
		return x.fail(err)
	}
	name := x.parameters["manufacturer"]
	if err := c.mock.EnableManufacturer(x.context(), name, body.Enabled); err != nil {
		return x.fail(err)
	}
	return c.show(x, name)
}

// show answers with a manufacturer as it is now.
func (c *Control) show(x *call, name string) openapi.Response {
	all, err := c.mock.Manufacturers(x.context())
	if err != nil {
		return x.fail(err)
	}
	at := store.IndexManufacturer(all, name)
	if at < 0 {
		return x.fail(mock.ErrNoManufacturer)
	}
	seen, err := c.seen(x, all[at])
	if err != nil {
		return x.fail(err)
	}
	return x.reply(http.StatusOK, seen)
}
