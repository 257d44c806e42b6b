package safe

import (
	"bytes"
	"strings"
)

// Build servers take commands out of what a program prints: lines that begin
// with "::" (GitHub), and "##[", "##vso[" or "##teamcity[" anywhere in a line
// (GitHub, Azure, TeamCity). What a target sent must not become one of them.

// SteersLog reports whether a text holds a command to some build server.
func SteersLog(s string) bool { return strings.Contains(s, "##") || strings.HasPrefix(s, "::") }

// TameLog breaks the commands in lines of text, in the manner of [Visible].
func TameLog(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("##"), []byte(`#\x23`))
	if !bytes.Contains(text, []byte("::")) {
		return text
	}
	var b bytes.Buffer
	for l := range bytes.Lines(text) {
		if rest := bytes.TrimLeft(l, " "); bytes.HasPrefix(rest, []byte("::")) {
			b.Write(l[:len(l)-len(rest)])
			b.WriteString(`\x3a`)
			l = rest[1:]
		}
		b.Write(l)
	}
	return b.Bytes()
}
