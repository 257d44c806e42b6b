package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

// githubAnnotations is how many findings are annotated; GitHub shows ten of a
// step, and the last is for the rest.
const githubAnnotations = 9

// GitHub writes r as workflow commands, which GitHub Actions turns into
// annotations on lines of the contract: at most nine, the gravest first, and a
// tenth that counts the others. A run with nothing to say writes nothing.
func GitHub(w io.Writer, r *conformance.Result) error {
	if r == nil {
		return errNoResult
	}
	var commands []string
	for _, why := range findings.Unexplained(r) {
		commands = append(commands, githubCommand("error", r, 0, "conformance run", safe.Line(why, 1000)))
	}
	for _, f := range findings.Failures(r) {
		commands = append(commands, githubCommand("error", r, f.Clause.Line, f.ID, githubFinding(r, f)))
	}
	for _, c := range findings.Of(r, findings.Broke) {
		commands = append(commands, githubCommand("error", r, c.Clause.Line, "not judged: "+c.ID, githubMessage(c)))
	}
	for _, f := range findings.Warnings(r) {
		commands = append(commands, githubCommand("warning", r, f.Clause.Line, f.ID, githubFinding(r, f)))
	}
	for _, soon := range r.Expiring {
		commands = append(commands, githubCommand("warning", r, 0, "known failures", safe.Line(soon, 1000)))
	}
	for _, d := range r.Drift {
		command := "notice"
		if d.Breaks {
			command = "warning"
		}
		commands = append(commands, githubCommand(command, r, 0, "contract drift", safe.Line(findings.DriftHeading(d), 1000)))
	}
	if rest := len(commands) - githubAnnotations; rest > 0 {
		more := fmt.Sprintf("%d more findings; the other reports contain all of them", rest)
		commands = append(commands[:githubAnnotations], githubCommand("notice", r, 0, "conformance run", more))
	}
	_, err := io.WriteString(w, strings.Join(commands, ""))
	return err
}

// githubFinding tells a cause: in one sentence, with its fix, then how many checks
// show it, then the check that shows it best.
func githubFinding(r *conformance.Result, f findings.Failure) string {
	var lines []string
	if c := findings.CauseOf(r, f.ID); c != nil {
		lines = append(lines, safe.Line(c.Summary, 500))
		if c.Fix != "" && c.Fix != f.Reason {
			lines = append(lines, "fix: "+safe.Line(c.Fix, 500))
		}
	}
	if others := f.Others(); others != "" {
		lines = append(lines, others)
	}
	return strings.Join(append(lines, githubMessage(f.CheckResult)), "\n")
}

// githubMessage tells a check in a few lines.
func githubMessage(c *conformance.CheckResult) string {
	lines := []string{safe.Line(cmp.Or(c.Summary, c.ID), 300)}
	add := func(label, s string) {
		if strings.TrimSpace(s) != "" {
			lines = append(lines, label+": "+safe.Line(s, 500))
		}
	}
	add("clause", c.Clause.Quote)
	add("expected", c.Expected)
	add("actual", c.Actual)
	add("tries", findings.Tries(c))
	add(findings.NoteLabel(c), c.Reason)
	return strings.Join(lines, "\n")
}

// githubCommand writes one workflow command. at is a line of the contract, 0
// for none.
func githubCommand(command string, r *conformance.Result, at int, title, message string) string {
	var properties []string
	if at > 0 && r.ContractPath != "" {
		properties = append(properties, "file="+githubProperty(safe.Visible(r.ContractPath)), fmt.Sprintf("line=%d", at))
	}
	properties = append(properties, "title="+githubProperty(safe.Line(title, 200)))
	return "::" + command + " " + strings.Join(properties, ",") + "::" + githubData(message) + "\n"
}

func githubData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func githubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
