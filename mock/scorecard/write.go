package scorecard

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Formats are the names that [Card.Write] knows.
func Formats() []string { return []string{"text", "json", "junit"} }

// Write writes the card in a format.
func (c Card) Write(w io.Writer, format string) error {
	switch format {
	case "text":
		return c.writeText(w)
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(c)
	case "junit":
		return c.writeJUnit(w)
	}
	return fmt.Errorf("%q is not a format of a scorecard: choose %s", format, strings.Join(Formats(), ", "))
}

func (c Card) writeText(out io.Writer) error {
	if c.Requests == 0 {
		_, err := io.WriteString(out, "Scorecard: no request reached the mock, so nothing is known about the client\n")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "Scorecard: %s on %s\n\nDocumented responses met:\n", counted(c.Requests, "request"), counted(c.Connections, "connection"))
	for _, r := range c.Responses {
		state := "not met"
		switch {
		case r.Times > 0:
			state = times(r.Times)
		case r.Required:
			state = "NOT MET, and required"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.Status, r.Operation, state)
	}
	made, pending, avoided, unseen := c.In(Made), c.In(Pending), c.In(Avoided), c.In(NotSeen)
	fmt.Fprintf(w, "\nMistakes made: %d\n", len(made))
	for _, m := range made {
		fmt.Fprintf(w, "  %s, %s: %s\n", m.Name, times(m.Times), m.Summary)
		for line := range strings.Lines(m.exampleLines()) {
			fmt.Fprint(w, "      ", line)
		}
		if more := m.Times - len(m.Examples); more > 0 && len(m.Examples) > 0 {
			fmt.Fprintf(w, "      and %d more\n", more)
		}
		fmt.Fprintf(w, "    fix: %s\n", strings.ReplaceAll(m.Advice, "\n", "\n         "))
	}
	if len(pending) > 0 {
		fmt.Fprintf(w, "\nPending, decided at %s: %d\n", c.decidedAt(), len(pending))
		for _, m := range pending {
			fmt.Fprintf(w, "  %s, %s\n", m.Name, times(m.Pending))
		}
	}
	if len(avoided) > 0 {
		var names []string
		for _, m := range avoided {
			names = append(names, m.Name)
		}
		fmt.Fprintf(w, "\nMistakes avoided: %d\n  %s\n", len(avoided), strings.Join(names, "\n  "))
	}
	if len(unseen) > 0 {
		fmt.Fprintf(w, "\nNot seen, as the client had no chance to make them: %d\n", len(unseen))
		for _, m := range unseen {
			fmt.Fprintf(w, "  %s\tneeds %s\n", m.Name, m.Occasion)
		}
	}
	return w.Flush()
}

// decidedAt is the time of the day at which nothing is pending any more.
func (c Card) decidedAt() string {
	if c.DecidedAt == nil {
		return "the end"
	}
	return c.DecidedAt.UTC().Format("15:04:05 UTC")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// counted is a number of things, as in "2 requests".
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// user names the user of an example for a sentence.
func (x Example) user() string {
	if x.UserID == nil {
		return ""
	}
	return fmt.Sprintf(", user %q", *x.UserID)
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitMessage `xml:"failure"`
	Skipped *junitMessage `xml:"skipped"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// exampleLines lists the exchanges in which a mistake was made.
func (m Mistake) exampleLines() string {
	var b strings.Builder
	for _, x := range m.Examples {
		fmt.Fprintf(&b, "exchange %d, %s%s: %s\n", x.Entry, x.Time.UTC().Format("15:04:05.000 UTC"), x.user(), x.Detail)
	}
	return b.String()
}

// writeJUnit writes a test case for each response and each mistake. A response
// that was not met fails if it was required, else it is skipped; a mistake that
// was made fails, and one that was not seen is skipped.
func (c Card) writeJUnit(w io.Writer) error {
	suite := junitSuite{Name: "nox-mock scorecard"}
	for _, r := range c.Responses {
		x := junitCase{Class: r.Operation, Name: r.Status}
		if r.Times == 0 && r.Required {
			x.Failure = &junitMessage{Message: "required, and not met"}
		} else if r.Times == 0 {
			x.Skipped = &junitMessage{Message: "not met"}
		}
		suite.Cases = append(suite.Cases, x)
	}
	for _, m := range c.Mistakes {
		x := junitCase{Class: "mistakes", Name: m.Name}
		switch m.State {
		case Made:
			x.Failure = &junitMessage{fmt.Sprintf("%s: %s; %s", times(m.Times), m.Summary, m.Advice), m.exampleLines()}
		case Pending:
			x.Skipped = &junitMessage{Message: fmt.Sprintf("pending %s: decided at %s", times(m.Pending), c.decidedAt())}
		case NotSeen:
			x.Skipped = &junitMessage{Message: "not seen: needs " + m.Occasion}
		}
		suite.Cases = append(suite.Cases, x)
	}
	suite.Tests = len(suite.Cases)
	for _, x := range suite.Cases {
		if x.Failure != nil {
			suite.Failures++
		}
		if x.Skipped != nil {
			suite.Skipped++
		}
	}
	data, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(data)+"\n")
	return err
}
