package markdown

import (
	"bytes"
	"fmt"
	"io"

	"nox.energy/contract/conformance/report/internal/safe"
)

const (
	// maxBytes bounds what is written: a job summary of GitHub may have one
	// MiB, and other steps write to it too.
	maxBytes = 880_000
	// tailBytes is kept free for the lines that say what was left out.
	tailBytes = 4_000
)

// Rows bounds a table or a list.
const Rows = 200

// Page is Markdown of bounded size that is being written.
type Page struct {
	b    bytes.Buffer
	Left int // blocks that found no room
}

// Add writes a block if there is room for it, and reports whether there was.
func (p *Page) Add(block string) bool {
	if p.b.Len()+len(block) > maxBytes-tailBytes {
		p.Left++
		return false
	}
	p.b.WriteString(block)
	return true
}

// Table writes the rows of a table below its head, as many as there is room
// for, and returns how many it left out.
func (p *Page) Table(head string, rows []string) (left int) {
	p.Add(head)
	for i, row := range rows {
		if i == Rows || !p.Add(row) {
			return len(rows) - i
		}
	}
	return 0
}

// Flush writes the page to w, with a foot in the room kept free for it. Where
// blocks were left out, it says so first, with the words for where they are.
func (p *Page) Flush(w io.Writer, elsewhere, foot string) error {
	if p.Left > 0 {
		p.b.WriteString(safe.Count(p.Left, "more block") + " omitted to limit the size; " + elsewhere)
	}
	p.b.WriteString(foot)
	_, err := w.Write(p.b.Bytes())
	return err
}

// Row is the row of a table about a check: its id, and what is said of it.
func Row(id, text string) string {
	return fmt.Sprintf("| %s | %s |\n", Code(id, 200), Prose(text, 600))
}
