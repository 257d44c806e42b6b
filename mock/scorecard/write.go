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
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "Scorecard: %d requests on %d connections\n\nDocumented responses met:\n", c.Requests, c.Connections)
	for _, r := range c.Responses {
		state := "not met"
		switch {
		case r.Times > 0:
			state = fmt.Sprintf("%d times", r.Times)
		case r.Required:
			state = "NOT MET, and required"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", r.Status, r.Operation, state)
	}
	fmt.Fprintf(w, "\nMistakes:\n")
	made := 0
	for _, m := range c.Mistakes {
		if m.Times > 0 {
			made++
			fmt.Fprintf(w, "  %s\t%d times\t%s: %s\n", m.Name, m.Times, m.Summary, m.Advice)
		}
	}
	if made == 0 {
		fmt.Fprintf(w, "  none of the %d that are looked for\n", len(c.Mistakes))
	}
	return w.Flush()
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
}

// writeJUnit writes a test case for each response and each mistake. A response
// that was not met fails if it was required, else it is skipped; a mistake that
// was made fails.
func (c Card) writeJUnit(w io.Writer) error {
	suite := junitSuite{Name: "nox-mock scorecard"}
	for _, r := range c.Responses {
		x := junitCase{Class: r.Operation, Name: r.Status}
		if r.Times == 0 && r.Required {
			x.Failure = &junitMessage{"required, and not met"}
		} else if r.Times == 0 {
			x.Skipped = &junitMessage{"not met"}
		}
		suite.Cases = append(suite.Cases, x)
	}
	for _, m := range c.Mistakes {
		x := junitCase{Class: "mistakes", Name: m.Name}
		if m.Times > 0 {
			x.Failure = &junitMessage{fmt.Sprintf("%d times: %s; %s", m.Times, m.Summary, m.Advice)}
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
