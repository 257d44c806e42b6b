// Package markdown writes Markdown for the summary of a job: of bounded size, and
// with text of others in it that has no meaning as markup.
package markdown

import (
	"fmt"
	"regexp"
	"strings"

	"nox.energy/contract/conformance/report/internal/safe"
)

// Text of others in Markdown: plain words stand as they are; whatever could be
// markup, a link, a mention or a reference is shown as code, where none of that
// has a meaning. Neither form spans lines or ends a table cell.

// plainWords are texts without a character that Markdown, or the autolinks,
// mentions, references and emoji of GitHub and GitLab, give a meaning to:
// letters, digits, spaces, some punctuation, "_" within a word, and a dot, colon
// or percent sign at the end of one.
var plainWords = regexp.MustCompile(`^[\pL\pN](?:[\pL\pM\pN ,;'"()/?=+-]|[.:%](?: |$)|\pN[.]\pN|[\pL\pN]_+[\pL\pN])*$`)

// reference is what GitHub turns into a link to an issue without any
// punctuation, and a commit by its digest.
var reference = regexp.MustCompile(`(?i)\bgh-\d|\b[0-9a-f]{7,40}\b`)

// Prose is s in running text or in a cell of a table.
func Prose(s string, n int) string {
	s = safe.Line(s, n)
	if plainWords.MatchString(s) && !reference.MatchString(s) {
		return s
	}
	return code(s)
}

// plainCode are texts that a code span in backticks shows as they are, in a
// table too.
var plainCode = regexp.MustCompile("^[^`|\\\\ ](?:[^`|\\\\]*[^`|\\\\ ])?$")

// Code is s as code in a line, "" for nothing.
func Code(s string, n int) string { return code(safe.Line(s, n)) }

// code is a line made safe.
func code(s string) string {
	switch {
	case s == "":
		return ""
	case plainCode.MatchString(s) && !safe.SteersLog(s):
		return "`" + s + "`"
	}
	return "<code>" + entities(s) + "</code>"
}

// InHTML is s within an HTML block of Markdown, where no Markdown is read.
func InHTML(s string, n int) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "&#64;"+joiner, "#", "&#35;"+joiner, "|", "&#124;").Replace(safe.Line(s, n))
}

// joiner is a word joiner (U+2060). Behind the marks that make a mention or a
// reference of what follows them, it prevents that; a reference to the mark
// alone does not, since the text is searched for them after it is rendered.
const joiner = "&#8288;"

// entities writes every ASCII punctuation mark but the plainest as a numeric
// character reference, so that neither HTML nor Markdown takes it for its own.
func entities(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '@', r == '#':
			fmt.Fprintf(&b, "&#%d;%s", r, joiner)
		case r < 0x80 && strings.ContainsRune("!\"$%&'()*+.:;<=>?[\\]^_`{|}~", r):
			fmt.Fprintf(&b, "&#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Fenced is text, of one or more lines, as a block of code.
func Fenced(text string) string {
	text = string(safe.TameLog([]byte(text)))
	longest, run := 2, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	return fence + "text\n" + strings.TrimRight(text, "\n") + "\n" + fence + "\n\n"
}
