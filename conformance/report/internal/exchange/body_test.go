package exchange

import "testing"

func TestExcerptShowsSpaces(t *testing.T) {
	t.Parallel()
	e := ExcerptOf([]byte("{\n    \"a\": \"  \",\n  \"b\": 1   \n}  "), 40, 100, 10)
	for i, want := range []string{"{", `    "a": "␠␠",`, `  "b": 1␠␠␠`, "}␠␠"} {
		if e.Lines[i] != want {
			t.Errorf("line %d of a body is shown as %q, want %q", i+1, e.Lines[i], want)
		}
	}
}
