package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

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
			var err error
			if x.body, err = inNumbers(x.body); err == nil {
				err = x.read(&set)
			}
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
			if name != nil && *name == store.AllManufacturers {
				name = nil
			}
			c.mock.ClearFaults(name)
			return x.done()
		}),
	}
}

// inNumbers returns a fault in which each duration that is written as on the
// command line, as in "2s", is the number that its field counts in.
func inNumbers(body []byte) ([]byte, error) {
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		return body, nil // which the reader of the fault describes
	}
	changed := false
	for name, unit := range map[string]time.Duration{"delay": time.Millisecond, "retry_after": time.Second, "expires_in": time.Second} {
		text, is := object[name].(string)
		if !is {
			continue
		}
		d, err := time.ParseDuration(text)
		if err != nil || d%unit != 0 {
			return nil, fmt.Errorf(`%s: a duration is needed, as in "2s"`, name)
		}
		object[name], changed = d/unit, true
	}
	if !changed {
		return body, nil
	}
	if ms, is := object["delay"].(time.Duration); is {
		object["delay"] = map[string]any{"ms": ms}
	}
	return json.Marshal(object)
}
