package mock

import (
	"bytes"
	"net/http"
)

func (c *Control) scorecardRules() map[string]controlRule {
	return map[string]controlRule{
		"getScorecard": c.ofKnown(func(x *call) answer {
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
			return answer{status: http.StatusOK, mediaType: mediaType, body: b.Bytes()}
		}),
	}
}
