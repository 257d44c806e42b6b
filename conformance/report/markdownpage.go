package report

import (
	"bytes"
	"io"
)

const (
	// markdownBytes bounds what is written: a job summary of GitHub may have one
	// MiB, and other steps write to it too.
	markdownBytes = 880_000
	// markdownTail is kept free for the lines that say what was left out.
	markdownTail = 4_000

	markdownRows = 200 // of a table
)

// markdownPage is Markdown of bounded size that is being written.
type markdownPage struct {
	b    bytes.Buffer
	left int // blocks that found no room
}

// add writes a block, where there is room for it.
func (p *markdownPage) add(block string) bool {
	if p.b.Len()+len(block) > markdownBytes-markdownTail {
		p.left++
		return false
	}
	p.b.WriteString(block)
	return true
}

// table writes the rows of a table below its head, as many as there is room
// for, and returns how many it left out.
func (p *markdownPage) table(head string, rows []string) (left int) {
	p.add(head)
	for i, row := range rows {
		if i == markdownRows || !p.add(row) {
			return len(rows) - i
		}
	}
	return 0
}

// flush writes the page to w, with a foot in the room kept free for it. Where
// blocks were left out, it says so first, with the words for where they are.
func (p *markdownPage) flush(w io.Writer, elsewhere, foot string) error {
	if p.left > 0 {
		p.b.WriteString(count(p.left, "more block") + " omitted to limit the size; " + elsewhere)
	}
	p.b.WriteString(foot)
	_, err := w.Write(p.b.Bytes())
	return err
}
