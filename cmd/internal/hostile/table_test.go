package hostile

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// table holds a line for each target: its name, the exit codes that will do, and
// part of what the program must say. The flag -update writes it anew, for those
// that were run.
const table = "testdata/table.txt"

var update = flag.Bool("update", false, "write the table anew")

// demand is what one run must come to, unless its time runs out.
type demand struct {
	codes []int
	says  string
}

var demands = sync.OnceValue(func() map[string]demand {
	all := map[string]demand{}
	text, _ := os.ReadFile(table) // without it every row fails
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if len(parts) != 3 {
			continue
		}
		d := demand{says: parts[2]}
		for code := range strings.SplitSeq(parts[1], "|") {
			n, _ := strconv.Atoi(code) // 0 matches nothing
			d.codes = append(d.codes, n)
		}
		all[parts[0]] = d
	}
	return all
})

// writeTable notes what became of targets in place of what the table says of
// them.
func writeTable(t *testing.T, all []target, results []outcome) {
	lines := map[string]string{}
	for name, d := range demands() {
		lines[name] = strings.Trim(strings.ReplaceAll(fmt.Sprint(d.codes), " ", "|"), "[]") + "\t" + d.says
	}
	for i, each := range all {
		o := results[i]
		lines[each.name] = "1|3\t"
		if says := words(o.out); !strings.Contains(o.out, ranOut) && (o.code != 1 || !strings.HasPrefix(says, "no answer")) {
			lines[each.name] = strconv.Itoa(o.code) + "\t" + says
		}
	}
	var b strings.Builder
	for _, each := range targets() {
		if line, ok := lines[each.name]; ok {
			fmt.Fprintf(&b, "%s\t%s\n", each.name, line)
		}
	}
	if err := os.WriteFile(table, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

var (
	undecided = regexp.MustCompile(`could be judged: ([^:;(,]+)|(put a valid request off)`)
	actual    = regexp.MustCompile(`actual +([^(\n]+)`)
	varies    = regexp.MustCompile(`\s*"?[^\s"]*(nox-conformance-|\d(µ|m)?s\b).*|: (read|write) tcp .*|: http2: .*`) // ids, times and addresses
)

// words are what a verdict comes down to: why no valid request could be judged,
// or what came in place of what was expected.
func words(out string) string {
	for _, pattern := range []*regexp.Regexp{undecided, actual} {
		if found := pattern.FindStringSubmatch(flat(out)); found != nil {
			return strings.TrimSpace(varies.ReplaceAllString(strings.Join(found[1:], ""), ""))
		}
	}
	return ""
}

var lineBreaks = regexp.MustCompile(`\n {16}`)

// flat is a text whose wrapped lines are whole again.
func flat(text string) string { return lineBreaks.ReplaceAllString(text, " ") }
