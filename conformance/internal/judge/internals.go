package judge

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/wire"
)

// signs are the marks that the inside of a server leaves in a response.
//
// Each has words of which one stands in whatever its pattern matches: most
// answers hold none of them, and need no slow search.
var signs = []struct {
	what    string
	hints   []string
	pattern *regexp.Regexp
}{
	{"a stack trace", []string{"traceback", "goroutine", "at ", "file \"", "panic: ", "#"}, regexp.MustCompile(`Traceback \(most recent call last\)|goroutine \d+ \[|(?m)^\s*at [\w$.<>]+ ?\(.*:\d+(:\d+)?\)|\bat [\w$.<>]+\([\w$]+\.(java|kt|scala|cs|js|ts):\d+|\bat (async )?[\w$.<>]+ \(?(file://|node:|/)[^\s)]*:\d+:\d+|File "[^"]+", line \d+|panic: runtime error|#\d+ /[^\s]+\(\d+\)`)},
	{"a source file and line", []string{".go", ".py", ".rb", ".java", ".kt", ".cs", ".php", ".js", ".ts", ".rs", ".ex", ".scala"}, regexp.MustCompile(`\b[\w./\\-]+\.(go|py|rb|java|kt|cs|php|js|ts|rs|ex|scala)(:| line |\()\d+`)},
	{"a path on the server", []string{"/usr/", "/home/", "/var/", "/opt/", "/srv/", "/app/", "/root/", "/tmp/", "/etc/", "/proc/", "/workspace/", ":\\"}, regexp.MustCompile(`(^|[\s"'(=:])(/(usr|home|var|opt|srv|app|root|tmp|etc|proc|workspace)/[\w.-]+[\w./-]*|[A-Za-z]:\\+[\w.-]+\\+)`)},
	{"SQL", []string{"sql", "syntax error", "ora-", "duplicate key", "select", "insert", "update", "delete", "psycopg2", "pq: ", "relation"}, regexp.MustCompile(`(?i)SQLSTATE|syntax error at or near|\bORA-\d{5}\b|duplicate key value violates|You have an error in your SQL syntax|(?-i:\bSELECT\b[^"]{1,200}\bFROM\b|\bINSERT INTO\b|\bUPDATE\b[^"]{1,100}\bSET\b|\bDELETE FROM\b)|\bselect\b[^".]{1,200}\bfrom\b[^".]{1,60}\b(where|limit|order by|join)\b|\binsert into \w+ ?\(|\bupdate \w+ set \w+ ?=|\bdelete from \w+ where\b|sqlite3?\.|psycopg2|pq: |SQLITE_[A-Z]+|relation "[^"]+" does not exist`)},
	{"an exception of the server's language", []string{"exception", "error", "unhandledpromiserejection", "nil pointer", "segmentation"}, regexp.MustCompile(`\b([a-z]\w*\.)+[A-Z]\w*(Exception|Error)\b|\b(NullPointer|NullReference|IllegalArgument|IllegalState|IndexOutOfBounds|ClassCast|Runtime)Exception\b|\b(TypeError|ReferenceError|AttributeError|KeyError|NameError|ZeroDivisionError|UnhandledPromiseRejection): |nil pointer dereference|segmentation (fault|violation)`)},
	{"a stack trace of another platform", []string{"panicked at", "stack trace:", "app/", "lib/", "** (", "fatal error"}, regexp.MustCompile(`thread '[^']+' panicked at|(?m)^Stack trace:$|PHP (Fatal|Parse) error|\*\* \(\w+Error\)|\b[\w/]+\.(rb|exs?):\d+:in |\b[\w/]+\.ex:\d+: `)},
	{"an address of the inside", []string{"10.", "192.168.", "172.", "127.0.0.1:", "localhost:", ".local", ".internal", "econnrefused"}, regexp.MustCompile(`\b(10\.\d{1,3}|192\.168|172\.(1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}:\d{2,5}\b|\b(127\.0\.0\.1|localhost):\d{2,5}\b|\b[\w-]+(\.[\w-]+)*\.(svc\.cluster\.local|internal|local):\d{2,5}\b|\bECONNREFUSED\b`)},
	{"an error of a database", []string{"e11000", "duplicate entry", "unique constraint", "wrongtype"}, regexp.MustCompile(`\bE11000 duplicate key|Duplicate entry '[^']*' for key|(?i)violates unique constraint|UNIQUE constraint failed|\bWRONGTYPE Operation`)},
	{"an object that was written as a text", []string{"[object object]"}, regexp.MustCompile(`\[object Object\]`)},
	{"a page of a framework", []string{"whitelabel", "werkzeug", "debug", "<title>"}, regexp.MustCompile(`(?i)Whitelabel Error Page|Werkzeug Debugger|DEBUG = True|<title>[^<]*(Django|Laravel|Symfony|Rails|Express|Tomcat|ASP\.NET)[^<]*</title>|X-Debug-Token`)},
}

// internals returns what a response shows of the inside of the server, "" for
// nothing.
func internals(text string, header http.Header) string {
	var all strings.Builder
	all.WriteString(text)
	if flat := strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\"`, `"`, `\\`, `\`).Replace(text); flat != text {
		all.WriteString("\n" + flat) // as the text reads once the JSON is decoded
	}
	for name, values := range header {
		if strings.HasPrefix(strings.ToLower(name), "x-") {
			all.WriteString("\n" + name + ": " + strings.Join(values, " "))
		}
	}
	lower := strings.ToLower(all.String())
	hinted := func(word string) bool { return strings.Contains(lower, word) }
	for _, s := range signs {
		if !slices.ContainsFunc(s.hints, hinted) {
			continue
		}
		if found := s.pattern.FindString(all.String()); found != "" {
			return s.what + ": " + strings.Join(strings.Fields(found), " ")
		}
	}
	return ""
}

// RemoveSent removes what the request contained from a text of its response, so
// that a faithful echo is not mistaken for a leak.
func RemoveSent(a *wire.Response, text string) string {
	id, _ := a.Member(a.Request.Op.Rules.Identity) // any text will do for an id
	for _, sent := range []string{a.Request.Subject, string(a.Request.Body), id} {
		if len(sent) < 3 {
			continue
		}
		quoted, err := json.Marshal(sent)
		if err != nil {
			continue
		}
		plain := string(schema.Encode(sent))
		for _, form := range []string{string(quoted[1 : len(quoted)-1]), plain[1 : len(plain)-1], sent, strings.ReplaceAll(plain[1:len(plain)-1], "/", `\/`)} {
			text = strings.ReplaceAll(text, form, "")
			if lower := strings.ToLower(form); lower != form { // as a server that folds case returns it
				text = strings.ReplaceAll(text, lower, "")
			}
		}
	}
	return text
}
