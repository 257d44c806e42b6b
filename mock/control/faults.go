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
// command line, as in "2s", is the number that its field counts in. "delay" may
// be one as a whole.
func inNumbers(body []byte) ([]byte, error) {
	var object map[string]any
	if err := json.Unmarshal(body, &object); err != nil {
		return body, nil // which the reader of the fault describes
	}
	changed := false
	convert := func(object map[string]any, name string, unit time.Duration) error {
		text, is := object[name].(string)
		if !is {
			return nil
		}
		d, err := time.ParseDuration(text)
		if err != nil || d%unit != 0 {
			return fmt.Errorf("%s: a duration in whole %s is needed, as in \"2s\" or %d", name, map[time.Duration]string{time.Second: "seconds", time.Millisecond: "milliseconds"}[unit], 2*time.Second/unit)
		}
		object[name], changed = d/unit, true
		return nil
	}
	if text, is := object["delay"].(string); is {
		object["delay"] = map[string]any{"ms": text}
	}
	delay, _ := object["delay"].(map[string]any)
	err := errors.Join(convert(object, "retry_after", time.Second), convert(object, "expires_in", time.Second), convert(object, "every_ms", time.Millisecond),
		convert(delay, "ms", time.Millisecond), convert(delay, "min_ms", time.Millisecond), convert(delay, "max_ms", time.Millisecond), convert(delay, "median_ms", time.Millisecond))
	if err != nil || !changed {
		return body, err
	}
	return json.Marshal(object)
}
