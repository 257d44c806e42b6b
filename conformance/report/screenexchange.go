package report

import (
	"strings"

	"nox.energy/contract/conformance"
)

// exchanges writes the exchanges of a check: all of them when verbose, or when they
// are a script that shows the failure, one of
// an intermittent failure, else the first and the last.
func (t *screen) exchanges(c *conformance.CheckResult) {
	n := len(c.Exchanges)
	t.again = ""
	if n > 0 && !t.verbose && tries(c) != "" {
		t.exchange(&c.Exchanges[0])
		return
	}
	for i := range c.Exchanges {
		if !t.verbose && !c.Script && i > 0 && i < n-1 {
			if i == 1 {
				t.printf("\n      %s\n", t.paint(dim, "… "+count(n-2, "more exchange")+" in between; --verbose shows all"))
			}
			continue
		}
		t.exchange(&c.Exchanges[i])
	}
}

func (t *screen) exchange(x *conformance.Exchange) {
	colors := map[part]string{startLine: cyan, remark: dim, trouble: yellow}
	t.printf("\n")
	for _, l := range exchangeLines(x, t.verbose) {
		s := l.text
		if color, there := colors[l.part]; there {
			s = t.paint(color, s)
		}
		if l.part == startLine && l.arrow == "<" {
			s += "  " + t.paint(dim, "after "+duration(x.DurationMS))
		}
		t.printf("      %s %s\n", t.paint(dim, l.arrow), s)
	}
	t.curl(x.Curl)
}

// curl writes the command line that sends a request again, where it works when
// pasted.
func (t *screen) curl(s string) {
	switch s = strings.TrimSpace(s); {
	case s == "":
	case len(s) > curlChars:
		t.fact("repeat", "the curl command is "+thousands(int64(len(s)))+" bytes long; the json report contains it")
	case !pastes(s):
		t.fact("repeat", "the curl command contains characters that cannot be shown here; the json report contains it")
	case s == t.again: // as of the requests of a race, which one loop sends
	default:
		t.again = s
		t.printf("      %s %s\n", t.paint(dim, "repeat   "), s)
	}
}
