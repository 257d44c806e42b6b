package main

import (
	"fmt"
	"io"
	"time"

	"nox.energy/contract/conformance"
)

// progressDelay keeps short runs quiet.
const progressDelay = time.Second

// progressLine shows the progress of a run in one line on a terminal, and clears it
// at the end. It shows nothing on a terminal that cannot rewrite a line.
type progressLine struct {
	w       io.Writer
	started time.Time
	last    time.Time
	shown   bool
}

func newProgressLine(w io.Writer, quiet, dumb bool) *progressLine {
	p := &progressLine{started: time.Now()}
	if _, ok := terminal(w); ok && !quiet && !dumb {
		p.w = w
	}
	return p
}

func (p *progressLine) show(now conformance.Progress) {
	if now.Waiting > 0 {
		p.say("waiting for %s: the target returned %s; %d of %d checks, %d requests, %d failed",
			now.Waiting.Round(time.Second), now.WaitingFor, now.Done, now.Total, now.Requests, now.Failed)
		return
	}
	p.say("%d of %d checks, %d requests, %d failed", now.Done, now.Total, now.Requests, now.Failed)
}

func (p *progressLine) say(format string, args ...any) {
	if p.w == nil || time.Since(p.started) < progressDelay || time.Since(p.last) < 100*time.Millisecond {
		return
	}
	p.last, p.shown = time.Now(), true
	fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
}

func (p *progressLine) clear() {
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
