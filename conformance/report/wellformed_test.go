package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// wellFormed fails the test where out is not what a reader of the format can
// read. It is what the fuzz test holds every writer to.
func wellFormed(t testing.TB, format string, out []byte) {
	t.Helper()
	if !utf8.Valid(out) {
		t.Errorf("%s: not UTF-8", format)
	}
	switch format {
	case "json", "sarif", "gitlab", "har", "ctrf":
		if !json.Valid(out) {
			t.Errorf("%s: not JSON", format)
		}
		harmless(t, format, out)
	case "junit":
		d := xml.NewDecoder(bytes.NewReader(out))
		for {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("junit: %v", err)
			}
		}
		harmless(t, format, out)
	case "text", "markdown", "github":
		harmless(t, format, out)
	case "html": // see below
	default:
		t.Fatalf("the format %s is not checked: say here how a reader parses it", format)
	}
	switch format {
	case "github":
		githubWellFormed(t, out)
	case "markdown":
		markdownWellFormed(t, out)
	case "html":
		htmlWellFormed(t, out)
	}
}

// harmless fails the test where out could steer a terminal or a build server.
func harmless(t testing.TB, format string, out []byte) {
	t.Helper()
	for l := range strings.Lines(string(out)) {
		l = strings.TrimSuffix(l, "\n")
		if i := strings.IndexFunc(l, isUnseen); i >= 0 {
			t.Errorf("%s: a character that does not show: %q", format, l[max(0, i-30):min(len(l), i+30)])
		}
		if format != "github" && strings.HasPrefix(strings.TrimSpace(l), "::") {
			t.Errorf("%s: a workflow command: %q", format, l)
		}
		if format != "github" && (strings.Contains(l, "##[") || strings.Contains(l, "##vso[") || strings.Contains(l, "##teamcity[")) {
			t.Errorf("%s: a logging command: %q", format, l)
		}
	}
}

var githubCommand = regexp.MustCompile(`^::(error|warning|notice) (?:file=[^:,\r\n]+,line=[0-9]+,)?title=([^:,\r\n]*)::[^\r\n]*$`)

func githubWellFormed(t testing.TB, out []byte) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(out) == 0 {
		return
	}
	if len(lines) > 10 {
		t.Errorf("github: %d annotations", len(lines))
	}
	for _, l := range lines {
		if !githubCommand.MatchString(l) {
			t.Errorf("github: not a command: %q", l)
		}
		for i := range l {
			if l[i] == '%' && !strings.HasPrefix(l[i:], "%25") && !strings.HasPrefix(l[i:], "%0A") && !strings.HasPrefix(l[i:], "%3A") && !strings.HasPrefix(l[i:], "%2C") {
				t.Errorf("github: a percent sign that is not escaped: %q", l[i:min(len(l), i+10)])
			}
		}
	}
}

var (
	markdownFence = regexp.MustCompile("^(`{3,})text$")
	markdownCode  = regexp.MustCompile("`[^`\n]*`|<code>[^<\n]*</code>")
	markdownOwn   = regexp.MustCompile(`</?details>|</?summary>|\*\*|^#{2,3} |^\|?[-:|]+\|$|^- `)
	markdownOnly  = regexp.MustCompile("[`_:\\[\\]!$~^\\\\{}]")
	markdownLink  = regexp.MustCompile(`://|www\.[^ ]|:[a-z0-9_+-]+:`)
	entity        = regexp.MustCompile(`&[a-z#0-9]+;`)
)

// withoutFences takes away the blocks of code, each from its fence to the first
// line of as many backticks or more (CommonMark section 4.5).
func withoutFences(t testing.TB, text string) string {
	t.Helper()
	var rest strings.Builder
	fence := ""
	for l := range strings.Lines(text) {
		l = strings.TrimSuffix(l, "\n")
		ticks := strings.TrimSpace(l)
		switch m := markdownFence.FindStringSubmatch(l); {
		case fence == "" && m != nil:
			fence = m[1]
		case fence == "":
			rest.WriteString(l + "\n")
		case len(ticks) >= len(fence) && strings.Trim(ticks, "`") == "":
			fence = ""
		}
	}
	if fence != "" {
		t.Errorf("markdown: a fence %s is never closed", fence)
	}
	return rest.String()
}

// markdownWellFormed takes away what the writer itself marks up and all code;
// what remains must be plain words.
func markdownWellFormed(t testing.TB, out []byte) {
	t.Helper()
	if len(out) > 900_000 {
		t.Errorf("markdown: %d bytes", len(out))
	}
	rest := withoutFences(t, string(out))
	cells := 0
	for l := range strings.Lines(rest) {
		l = strings.TrimSuffix(l, "\n")
		if n := strings.Count(l, "|"); strings.HasPrefix(l, "|") {
			if cells > 0 && n != cells {
				t.Errorf("markdown: a row of %d cells in a table of %d: %q", n, cells, l)
			}
			cells = n
		} else if cells = 0; n > 0 {
			t.Errorf("markdown: a pipe outside a table: %q", l)
		}
		l = markdownCode.ReplaceAllString(l, "")
		if strings.HasPrefix(l, "<details>") {
			l = strings.ReplaceAll(l, "*", "") // an HTML block knows no emphasis
			l = markdownOnly.ReplaceAllString(l, "")
			l = entity.ReplaceAllString(l, "")
		}
		l = markdownOwn.ReplaceAllString(l, "")
		if i := strings.IndexAny(l, "<>&@#`*[]\\!~$"); i >= 0 {
			t.Errorf("markdown: %q may be markup: %q", l[i], l[max(0, i-60):min(len(l), i+60)])
		}
		if markdownLink.MatchString(l) && !strings.Contains(l, "❌") {
			t.Errorf("markdown: a link or an emoji: %q", l)
		}
	}
}
