package control

import (
	"bytes"
	"net/http"

	"nox.energy/contract/mock/internal/openapi"
)

func (c *Control) scorecardRules() map[string]rule {
	return map[string]rule{
		"getScorecard": c.ofKnown(func(x *call) openapi.Response {
			card := c.mock.Scorecard(x.query("manufacturer"), nil, false)
			format, mediaType := x.text("format"), "application/json"
			switch format {
			case "text":
				mediaType = "text/plain; charset=utf-8"
			case "junit":
				mediaType = "application/xml"
			default:
				format = "json"
			}
			var b bytes.Buffer
			if err := card.Write(&b, format); err != nil {
				return x.fail(err)
			}
			return openapi.Response{Status: http.StatusOK, MediaType: mediaType, Body: b.Bytes()}
		}),
	}
}
