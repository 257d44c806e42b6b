package report_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

func text(t testing.TB, r *conformance.Result, o report.TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextOptions(t *testing.T) {
	compareGolden(t, "violating.verbose.txt", []byte(text(t, violating(), report.TextOptions{Verbose: true, Width: 80})))
	compareGolden(t, "violating.color.txt", []byte(text(t, violating(), report.TextOptions{Color: true})))
	compareGolden(t, "violating.quiet.txt", []byte(text(t, violating(), report.TextOptions{Quiet: true})))
}

func TestTextPassingRunFitsOnAScreen(t *testing.T) {
	r := conforming()
	for i := range 10 {
		c := check("401/practice-"+string(rune('a'+i)), conformance.Should, conformance.Warn, "Good practice")
		c.Actual = strings.Repeat("a long story ", 30)
		r.Checks = append(r.Checks, c)
	}
	for i := range 12 {
		c := check("400/odd-"+string(rune('a'+i)), conformance.Must, conformance.Skip, "Odd")
		c.Reason = "a reason of its own, " + c.ID
		r.Checks = append(r.Checks, c)
	}
	for _, o := range []report.TextOptions{{}, {Color: true}, {Width: 60}} {
		out := text(t, r, o)
		if n := strings.Count(out, "\n"); n > 24 && o.Width == 0 {
			t.Errorf("a passing run takes %d lines:\n%s", n, out)
		}
		for i := range 10 {
			if id := "401/practice-" + string(rune('a'+i)); !strings.Contains(out, id) {
				t.Errorf("%+v: the warning %s is not named", o, id)
			}
		}
	}
	if n := strings.Count(text(t, conforming(), report.TextOptions{}), "\n"); n > 12 {
		t.Errorf("a passing run without warnings takes %d lines", n)
	}
}

func TestTextDrivesNoTerminal(t *testing.T) {
	colors := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for name, r := range results() {
		for _, o := range []report.TextOptions{{}, {Verbose: true}, {Quiet: true}, {Color: true, Verbose: true}, {Width: 1}} {
			out := text(t, r(), o)
			if o.Color {
				out = colors.ReplaceAllString(out, "")
			}
			if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && isUnseen(r) }); i >= 0 {
				t.Errorf("%s %+v: %q", name, o, out[max(0, i-40):min(len(out), i+20)])
			}
		}
	}
}

func TestTextLargeBodies(t *testing.T) {
	out := text(t, hostile(strings.Repeat("megabyte", 1<<17)), report.TextOptions{})
	if len(out) > 60_000 {
		t.Errorf("the report of a run with large bodies has %d bytes", len(out))
	}
	if !strings.Contains(out, "more bytes") {
		t.Error("nothing says that the bodies were shortened")
	}
}

func TestTextCurlIsWholeOrAbsent(t *testing.T) {
	r := violating()
	line := r.Checks[5].Exchanges[0].Curl
	if out := text(t, r, report.TextOptions{Width: 40}); !strings.Contains(out, " "+line+"\n") {
		t.Errorf("the curl command is not there as it is:\n%s", out)
	}
	for _, bad := range []string{line + strings.Repeat("x", 5000), line + "\x1b[0m"} {
		r.Checks[5].Exchanges[0].Curl = bad
		if out := text(t, r, report.TextOptions{}); strings.Contains(out, line) || !strings.Contains(out, "json report") {
			t.Errorf("a curl line that would not work when pasted is there:\n%s", out)
		}
	}
}

func TestTextQuiet(t *testing.T) {
	for name, r := range results() {
		if out := text(t, r(), report.TextOptions{Quiet: true}); strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "\n") {
			t.Errorf("%s: %q", name, out)
		}
	}
}
