package safe

import "testing"

func TestShowSpaces(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		`user_id "   "`:                        `user_id "␠␠␠"`,
		`got " ann", not "ann "`:               `got "␠ann", not "ann␠"`,
		`got "a b", not "a  b"`:                `got "a b", not "a␠␠b"`,
		`"says \" x\" " and "y"`:               `"says \" x\"␠" and "y"`,
		`two  in a row`:                        `two␠␠in a row`,
		"tab \t, no-break \u00a0, zero \u200b": `tab \t, no-break \u00a0, zero \u200b`,
		"the sign ␠ itself":                    `the sign \u2420 itself`,
		`one "word" after "another"`:           `one "word" after "another"`,
	} {
		if got := Line(s, 100); got != want {
			t.Errorf("%q is shown as %s, want %s", s, got, want)
		}
	}
}
