package terminal

import (
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/exchange"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

// Exchanges writes the exchanges of a check: all of them when
// verbose, or when they are a script that shows the failure, one of an
// intermittent failure, else the first and the last.
func (t *Screen) Exchanges(c *conformance.CheckResult) {
	n := len(c.Exchanges)
	t.again = ""
	if n > 0 && !t.Verbose && findings.Tries(c) != "" {
		t.exchange(&c.Exchanges[0])
		return
	}
	for i := range c.Exchanges {
		if !t.Verbose && !c.Script && i > 0 && i < n-1 {
			if i == 1 {
				t.Printf("\n      %s\n", t.Paint(Dim, "… "+safe.Count(n-2, "more exchange")+" in between; --verbose shows all"))
			}
			continue
		}
		t.exchange(&c.Exchanges[i])
	}
}

func (t *Screen) exchange(x *conformance.Exchange) {
	colors := map[exchange.Part]string{exchange.StartLine: Cyan, exchange.Remark: Dim, exchange.Trouble: Yellow}
	t.Printf("\n")
	for _, l := range exchange.Lines(x, t.Verbose) {
		s := l.Text
		if color, there := colors[l.Part]; there {
			s = t.Paint(color, s)
		}
		if l.Part == exchange.StartLine && l.Arrow == "<" {
			s += "  " + t.Paint(Dim, "after "+safe.Duration(x.DurationMS))
		}
		t.Printf("      %s %s\n", t.Paint(Dim, l.Arrow), s)
	}
	t.curl(x.Curl)
}

// curl writes the command line that sends a request again, where it works when
// pasted.
func (t *Screen) curl(s string) {
	switch s = strings.TrimSpace(s); {
	case s == "":
	case len(s) > exchange.CurlChars:
		t.Fact("repeat", "the curl command is "+safe.Thousands(int64(len(s)))+" bytes long; the json report contains it")
	case !exchange.Pastes(s):
		t.Fact("repeat", "the curl command contains characters that cannot be shown here; the json report contains it")
	case s == t.again: // as of the requests of a race, which one loop sends
	default:
		t.again = s
		t.Printf("      %s %s\n", t.Paint(Dim, "repeat   "), s)
	}
}
