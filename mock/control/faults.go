package control

import (
	"errors"
	"net/http"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/store"
)

func (c *Control) faultRules() map[string]rule {
	return map[string]rule{
		"listFaults": func(x *call) openapi.Response {
			manufacturer, err := x.manufacturer(c.mock)
			if err != nil {
				return x.fail(err)
			}
			return x.reply(http.StatusOK, map[string]any{"faults": c.mock.Faults(manufacturer)})
		},
		"setFault": func(x *call) openapi.Response {
			var set fault.Fault
			err := x.read(&set)
			if err == nil {
				set, err = c.mock.SetFault(x.context(), set)
			}
			switch {
			case errors.Is(err, mock.ErrNoManufacturer):
				return x.fail(err)
			case errors.Is(err, fault.ErrTooMany):
				return x.operation.Fail(http.StatusConflict, err.Error())
			case err != nil:
				return x.operation.Fail(http.StatusBadRequest, err.Error())
			}
			return x.reply(http.StatusCreated, set)
		},
		"removeFault": func(x *call) openapi.Response {
			c.mock.RemoveFault(x.parameters["fault"])
			return x.done()
		},
		"clearFaults": c.ofKnown(func(x *call) openapi.Response {
			name := x.query("manufacturer")
			if *name == store.AllManufacturers {
				name = nil
			}
			c.mock.ClearFaults(name)
			return x.done()
		}),
	}
}
