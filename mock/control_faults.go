package mock

import (
	"errors"
	"net/http"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/store"
)

func (c *Control) faultRules() map[string]controlRule {
	return map[string]controlRule{
		"listFaults": func(x *call) answer {
			manufacturer, err := x.manufacturer(c.mock)
			if err != nil {
				return x.fail(err)
			}
			return x.reply(http.StatusOK, map[string]any{"faults": c.mock.Faults(manufacturer)})
		},
		"setFault": func(x *call) answer {
			var set fault.Fault
			err := x.read(&set)
			if err == nil {
				set, err = c.mock.SetFault(x.context(), set)
			}
			switch {
			case errors.Is(err, ErrNoManufacturer):
				return x.fail(err)
			case errors.Is(err, fault.ErrTooMany):
				return x.operation.fail(http.StatusConflict, err.Error())
			case err != nil:
				return x.operation.fail(http.StatusBadRequest, err.Error())
			}
			return x.reply(http.StatusCreated, set)
		},
		"removeFault": func(x *call) answer {
			c.mock.RemoveFault(x.parameters["fault"])
			return x.done()
		},
		"clearFaults": c.ofKnown(func(x *call) answer {
			name := x.query("manufacturer")
			if *name == store.AllManufacturers {
				name = nil
			}
			c.mock.ClearFaults(name)
			return x.done()
		}),
	}
}
