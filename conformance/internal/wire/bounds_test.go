package wire_test

import (
	"strings"
	"testing"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/wire"
)

func TestScanJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text            string
		partial         bool
		problem, excess string
	}{
		{`{"a":[1,"b",null]}`, false, "", ""},
		{`{"a":1} x`, false, "1 bytes after the JSON text", ""},
		{`{"a":1`, false, "truncated JSON", ""},
		{`{"a":1`, true, "", "a body of more than"},
		{`{"a":"` + strings.Repeat("é", 512) + "\xc3", true, "", "a body of more than 1 KiB"},
		{`{"a":"` + "\xff\xff", true, "invalid UTF-8", ""},
		{`   `, true, "", "a body of more than"},
		{`aaaa`, true, "invalid JSON at byte 0", ""},
		{strings.Repeat("[", 2000) + strings.Repeat("]", 2000), false, "", ""},
		{strings.Repeat("[", 2001), false, "", "JSON nested more than 2000 deep"},
		{"[1" + strings.Repeat(",1", 50_000) + "]", false, "", "JSON of more than 20000 values"},
		{strings.Repeat("9", 5000), false, "", "a number of more than 4096 digits"},
		{"1" + strings.Repeat("0", 1000), false, "", ""},
	} {
		problem, excess := wire.ScanJSON([]byte(c.text), c.partial)
		if problem != c.problem || !strings.HasPrefix(excess, c.excess) || (excess == "") != (c.excess == "") {
			t.Errorf("%.40q, partial %t: %q, %q", c.text, c.partial, problem, excess)
		}
	}
	if problem := wire.JSONProblem([]byte(strings.Repeat("[", 3000) + strings.Repeat("]", 3000))); problem != "" {
		t.Errorf("a text that a client sends has no bounds: %q", problem)
	}
}

// TestShrinkKeepsWhatIsCompared forgets most of a response. What the checks
// compare stays, or the response counts as unread.
func TestShrinkKeepsWhatIsCompared(t *testing.T) {
	t.Parallel()
	op := &contract.Operation{}
	op.Rules.Echo, op.Rules.Identity = "user", "id"
	long := strings.Repeat("u", 5000)
	response := func() *wire.Response {
		body := `{"user":"` + long + `","id":"i","more":"` + long + `"}`
		a := &wire.Response{Request: &wire.Request{Op: op}, Status: 201, Body: []byte(body)}
		a.Value, a.IsJSON = wire.DecodeJSON(a.Body)
		return a
	}
	a := response()
	a.Shrink(1000, 10_000, 10)
	user, _ := a.Member("user")
	if id, _ := a.Member("id"); user != long || id != "i" || a.Failure != wire.NoFailure || len(a.Body) != 1000 {
		t.Errorf("%d bytes of the user, id %q, %d bytes, %q", len(user), id, len(a.Body), a.Failure)
	}
	if _, kept := a.Member("more"); kept {
		t.Error("the rest is kept")
	}
	if b := response(); b.Weight() < 2*a.Weight() {
		t.Errorf("it weighs %d, and %d before", a.Weight(), b.Weight())
	}
	a = response()
	if a.Shrink(1000, 1000, 10); a.Failure != wire.Unread {
		t.Errorf("the user is forgotten, and the failure %q", a.Failure)
	}
}
