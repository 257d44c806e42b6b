package spec

import (
	"bytes"
	"regexp"
)

var (
	fenceOpen = regexp.MustCompile("^( {0,3})(`{3,}|~{3,})")
	pageSign  = regexp.MustCompile("(?m)^( {0,3}(`{3,}|~{3,})|#{1,6} |> )")
)

// documentInFence finds the first code fence (CommonMark section 4.5) whose
// content is an OpenAPI document, and returns that content with the number of
// lines before it. A fence that is never closed ends with the page.
func documentInFence(page []byte) (content []byte, offset int, found bool) {
	lines := bytes.SplitAfter(page, []byte("\n"))
	for i := 0; i < len(lines); i++ {
		open := fenceOpen.FindSubmatch(lines[i])
		if open == nil {
			continue
		}
		indent, fence := len(open[1]), open[2]
		start, body := i+1, []byte(nil)
		for i++; i < len(lines) && !closesFence(lines[i], fence); i++ {
			body = append(body, trimIndent(lines[i], indent)...)
		}
		if declaresOpenAPI(body) {
			return body, start, true
		}
	}
	return nil, 0, false
}

// closesFence tells whether line is a closing fence: the same character, at
// least as many of them, nothing behind.
func closesFence(line, fence []byte) bool {
	open := fenceOpen.FindSubmatch(line)
	if open == nil || open[2][0] != fence[0] || len(open[2]) < len(fence) {
		return false
	}
	return len(bytes.TrimSpace(line)) == len(open[2])
}

func trimIndent(line []byte, n int) []byte {
	for ; n > 0 && len(line) > 0 && line[0] == ' '; n-- {
		line = line[1:]
	}
	return line
}

var openAPIKey = regexp.MustCompile(`(?m)^[ \t{]*["']?(openapi|swagger)["']?[ \t]*:`)

// declaresOpenAPI looks at the text, not at its YAML, so that a document with
// a syntax error is found too and the error can name its line.
func declaresOpenAPI(text []byte) bool { return openAPIKey.Match(text) }

func looksLikeMarkdown(data []byte) bool {
	return pageSign.Match(data) && !declaresOpenAPI(data)
}
