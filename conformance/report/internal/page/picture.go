package page

import (
	"fmt"
	"html/template"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report/internal/findings"
	"nox.energy/contract/conformance/report/internal/safe"
)

// picture shows what was exercised: a row of tiles for each documented
// response, a tile for each check. Lengths are in units of the drawing.
type picture struct {
	Width, Height int
	Rows          []pictureRow
}

type pictureRow struct {
	Heading *pictureText // the operation, above its first row
	Label   string
	Y       int // baseline of the label
	Tiles   []tile
}

type pictureText struct {
	Text string
	Y    int
}

type tile struct {
	X, Y, Side int
	Class      string // the standing
	Title      string
	Link       template.URL
	Mark       string // path of a mark on the tile, for those who do not see colours
}

const (
	tileSide   = 13
	tileStep   = 16
	tileOffset = 48 // room for labels
	tileLine   = 26 // tiles in a line
	rowGap     = 10
	headingGap = 20
)

// pictureOf draws the sections of a page, with headings where they are of
// several operations.
func pictureOf(sections []*section, headings bool) picture {
	p := picture{Width: tileOffset + tileLine*tileStep}
	y, operation := 4, ""
	for i, s := range sections {
		row := pictureRow{Label: safe.Shorten(s.Status, 7)}
		if headings && (i == 0 || s.Operation != operation) {
			row.Heading = &pictureText{safe.Shorten(s.Operation, 60), y + 11}
			y += headingGap
		}
		operation, row.Y = s.Operation, y+11
		n := 0
		for _, c := range s.checks() {
			row.Tiles = append(row.Tiles, tile{
				X: tileOffset + n%tileLine*tileStep, Y: y + n/tileLine*tileStep, Side: tileSide,
				Class: c.Class, Title: c.Name + ": " + c.Label, Link: c.Link,
			})
			t := &row.Tiles[n]
			t.Mark = tileMark(findings.Standing(c.Label), t.X, t.Y)
			n++
		}
		p.Rows = append(p.Rows, row)
		y += max(1, (n+tileLine-1)/tileLine)*tileStep + rowGap
	}
	p.Height = max(y-rowGap+4, 20)
	return p
}

// tileMark is a cross for a failure, a stroke for a warning and a known
// failure, a dot for an error.
func tileMark(s findings.Standing, x, y int) string {
	switch s {
	case findings.Failed:
		return fmt.Sprintf("M%d %dl7 7m0 -7l-7 7", x+3, y+3)
	case findings.Warned:
		return fmt.Sprintf("M%d %dv5m0 1.5v1", x+6, y+3)
	case findings.Known:
		return fmt.Sprintf("M%d %dh7", x+3, y+6)
	case findings.Broke:
		return fmt.Sprintf("M%d %dh1v1h-1z", x+6, y+6)
	}
	return ""
}

// responseOf finds the verdict on a documented response.
func responseOf(r *conformance.Result, operation, status string) *conformance.ResponseResult {
	for i := range r.Responses {
		if d := &r.Responses[i]; d.Operation == operation && d.Status == status {
			return d
		}
	}
	return nil
}
