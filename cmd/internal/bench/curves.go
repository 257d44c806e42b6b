package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"
)

// drawCurves lets the mock serve ever-new users until it has each of some numbers
// of them, and draws requests per second, p99 and resident memory against that.
func drawCurves(s settings, dir string) error {
	mock, err := startMock(s, dir)
	if err != nil {
		return err
	}
	defer mock.stop()
	points := []point{}
	users := 0
	for round, next := 0, 10_000; next <= s.users; round++ {
		m, err := s.measure(mock, "new", fmt.Sprintf("users-%d", round))
		if err != nil {
			return err
		}
		if m.Wrong > 0 {
			return fmt.Errorf("%d wrong responses", m.Wrong)
		}
		if users += m.Requests; users < next {
			continue
		}
		p := point{float64(users), m.rate(), m.P99, mock.resident()}
		fmt.Printf("%9d users: %6.0f requests/s, p99 %5.2f ms, %5.0f MB\n", users, p.rate, p.p99, p.resident)
		points = append(points, p)
		for next <= users {
			next *= 2
		}
	}
	if len(points) < 2 {
		return fmt.Errorf("there are too few users: %d", users)
	}
	return os.WriteFile(s.curves, []byte(picture(points)), 0o644)
}

// point is what was measured at a number of users.
type point struct{ users, rate, p99, resident float64 }

const (
	width, height = 720, 200 // of one curve
	margin        = 70
)

// picture draws three curves, one above the other, with the number of users on a
// logarithmic scale.
func picture(points []point) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", width, 3*height+40)
	fmt.Fprintf(&b, "<title>nox-mock against the number of users, measured on %s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", time.Now().UTC().Format(time.DateOnly))
	from, to := math.Log10(points[0].users), math.Log10(points[len(points)-1].users)
	for i, curve := range []struct {
		title, colour string
		of            func(point) float64
	}{
		{"requests per second", "#1a6fb0", func(p point) float64 { return p.rate }},
		{"p99, milliseconds", "#b0451a", func(p point) float64 { return p.p99 }},
		{"resident memory, MB", "#2e7d32", func(p point) float64 { return p.resident }},
	} {
		top, bottom, most := float64(i*height+40), float64((i+1)*height), 0.0
		for _, p := range points {
			most = max(most, curve.of(p))
		}
		most = niceAbove(most)
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%.0f\" fill=\"%s\">%s</text>\n", margin, top-14, curve.colour, curve.title)
		for _, share := range []float64{0, .5, 1} {
			y := bottom - share*(bottom-top)
			fmt.Fprintf(&b, "<path d=\"M%d %.1fH%d\" stroke=\"#ccc\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n", margin, y, width-20, margin-8, y+4, share*most)
		}
		var line []string
		for _, p := range points {
			x := margin + (math.Log10(p.users)-from)/(to-from)*float64(width-20-margin)
			y := bottom - curve.of(p)/most*(bottom-top)
			line = append(line, fmt.Sprintf("%.1f,%.1f", x, y))
			if i == 2 {
				fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n", x, bottom+20, short(p.users))
			}
		}
		fmt.Fprintf(&b, "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", strings.Join(line, " "), curve.colour)
	}
	fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">users</text>\n</svg>\n", width/2, 3*height+38)
	return b.String()
}

// niceAbove is a round number that is not below n.
func niceAbove(n float64) float64 {
	for unit := math.Pow(10, math.Floor(math.Log10(n))); ; unit *= 10 {
		for _, factor := range []float64{1, 2, 4, 5, 8, 10} {
			if factor*unit >= n {
				return factor * unit
			}
		}
	}
}

func short(users float64) string {
	if users >= 1e6 {
		return fmt.Sprintf("%.1fM", users/1e6)
	}
	return fmt.Sprintf("%.0fk", users/1e3)
}
