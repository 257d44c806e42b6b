package control

import (
	"context"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/scorecard"
	"nox.energy/contract/mock/store"
)

const (
	firstEntries     = 50 // that the document holds before its script asks for more
	firstConnections = 50
)

// pageView is what the document shows when it is opened. Behind a token it has
// nothing of the mock in it.
type pageView struct {
	Locked        bool
	About         about
	Kinds         []struct{ Kind, Does string }
	Entries       []journal.Entry // the newest first
	Manufacturers []seenManufacturer
	Connections   []store.Connection
	Faults        []fault.Fault
	Card          scorecard.Card
	Problem       string // why some of it is missing

	base string // the base path
}

// Short is a path without the base path, which all have.
func (v pageView) Short(path string) string {
	if rest, under := strings.CutPrefix(path, v.base); under && strings.HasPrefix(rest, "/") {
		return rest
	}
	return path
}

func (c *Control) pageView(ctx context.Context) pageView {
	view := pageView{Locked: c.config.Token != "", Kinds: fault.Kinds()}
	if view.Locked {
		return view
	}
	view.About, view.base = c.about(), c.mock.BasePath()
	found := c.mock.Journal().List(journal.Query{Limit: firstEntries, Newest: true}).Entries
	for i := range found {
		view.Entries = append(view.Entries, found[len(found)-1-i])
	}
	view.Faults = c.mock.Faults(nil)
	view.Card = c.mock.Scorecard(nil, nil, false)
	if err := c.viewState(ctx, &view); err != nil { // the rest is of use all the same
		view.Problem = err.Error()
	}
	return view
}

// viewState adds what is in the store.
func (c *Control) viewState(ctx context.Context, view *pageView) error {
	known, err := c.mock.Manufacturers(ctx)
	if err != nil {
		return err
	}
	for _, m := range known {
		n, err := c.mock.CountConnections(ctx, m.Name)
		if err != nil {
			return err
		}
		view.Manufacturers = append(view.Manufacturers, seenManufacturer{m.Name, m.Enabled, m.KeyDigests, n})
		if room := firstConnections - len(view.Connections); room > 0 {
			some, _, err := c.mock.Connections(ctx, m.Name, "", "", room)
			if err != nil {
				return err
			}
			view.Connections = append(view.Connections, c.mock.RedactConnections(some)...)
		}
	}
	return nil
}

func pageFuncs() template.FuncMap {
	return template.FuncMap{
		"shown": shown,
		"noun":  noun,
		"count": func(n int, one string) string { return strconv.Itoa(n) + " " + noun(n, one) },
		"class": statusClass,
		"status": func(e journal.Entry) string {
			if e.Response.Status == 0 {
				return "none"
			}
			return strconv.Itoa(e.Response.Status)
		},
		"deref": func(text *string) string {
			if text == nil {
				return ""
			}
			return *text
		},
		"clock": func(t time.Time) string { return t.Local().Format("15:04:05") },
		"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"left":  faultLeft,
	}
}

// noun agrees with a number.
func noun(n int, one string) string {
	if n == 1 {
		return one
	}
	return one + "s"
}

// statusClass groups the answers: "2" to "5" by their first digit, "none" where
// the client did not get one.
func statusClass(e journal.Entry) string {
	if e.Outcome != journal.Answered || e.Response.Status == 0 {
		return "none"
	}
	return strconv.Itoa(e.Response.Status / 100)
}

// faultLeft says how often a fault still fires.
func faultLeft(f fault.Fault) string {
	switch {
	case !f.Active:
		return "used up"
	case f.Times == 0:
		return "no limit"
	}
	return strconv.Itoa(f.Times-f.Fired) + " of " + strconv.Itoa(f.Times)
}

// piece is a part of a text: plain, or the name of a character that would not
// be seen, or would change how what is around it is seen.
type piece struct {
	Text string
	Code bool
}

// maxShown is how much of a text stands in a row, in characters.
const maxShown = 120

// shown makes the start of a text fit to be looked at.
func shown(text string) []piece {
	var all []piece
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			all = append(all, piece{plain.String(), false})
			plain.Reset()
		}
	}
	n := 0
	for _, r := range text {
		if n++; n > maxShown {
			plain.WriteString("…")
			break
		}
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || r == unicode.ReplacementChar {
			flush()
			all = append(all, piece{fmt.Sprintf("%U", r), true})
			continue
		}
		plain.WriteRune(r)
	}
	flush()
	return all
}
