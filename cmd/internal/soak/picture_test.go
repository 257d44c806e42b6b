package soak

import (
	"bytes"
	"fmt"
	"slices"
	"time"
)

// picture draws each line in a panel of its own, from nothing up to its height.
func picture(title string, length time.Duration, lines []line) []byte {
	const width, height, gap, left = 720, 90, 34, 16
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", width+2*left, 40+len(lines)*(height+gap))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="#fff"/><text x="%d" y="24" font-weight="bold">%s</text>`+"\n", left, title)
	for i, l := range lines {
		top := 40 + i*(height+gap)
		highest := slices.Max(append(slices.Clone(l.value), 1))
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s, at most %.0f</text>`+"\n", left, top+14, l.name, highest)
		fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="#f4f6f8"/><polyline fill="none" stroke="#0b6" stroke-width="1.5" points="`, left, top+20, width, height)
		for j, v := range l.value {
			x := left + float64(width)*float64(l.at[j])/float64(length)
			y := float64(top+20+height) - float64(height-6)*v/highest
			fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
		}
		b.WriteString(`"/>` + "\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
