package safe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes v as each report in JSON is written: indented, HTML left alone,
// and with \u escapes for what could steer a terminal or a build server's log.
func JSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("the report cannot be written as JSON: %w", err)
	}
	_, err := w.Write(escapeUnseen(b.Bytes()))
	return err
}

// escapeUnseen writes the characters of JSON text that do not show, and what
// begins a command to a build server, as \u escapes. Such can stand in strings
// only.
func escapeUnseen(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("##"), []byte(`#\u0023`))
	unseen := func(r rune) bool { return r >= 0x7f && r != SpaceSign && !shows(r) }
	if bytes.IndexFunc(text, unseen) < 0 {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, r := range string(text) {
		switch {
		case !unseen(r):
			out = append(out, string(r)...)
		case r > 0xffff:
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
