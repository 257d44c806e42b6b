package main

import (
	"bufio"
	"io"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

// harFile writes exchanges while they happen, so that memory does not grow with a
// run.
type harFile struct {
	place  place
	opened bool
	err    error
	finish func(error) error
	buffer *bufio.Writer
	writer *report.HARWriter
}

// harOutput returns the HAR report. If nothing is recorded during a run, as for
// recorded traffic, it contains the exchanges of the result.
func harOutput(to string, place place) output {
	h := &harFile{place: place}
	return output{to: to, write: h.write, record: h.add}
}

func (h *harFile) add(check string, x conformance.Exchange) {
	if h.open() == nil {
		h.writer.Add(check, x)
	}
}

// open opens the destination once, with the first exchange.
func (h *harFile) open() error {
	if h.opened {
		return h.err
	}
	h.opened = true
	var w io.Writer
	if w, h.finish, h.err = h.place(); h.err == nil {
		h.buffer = bufio.NewWriterSize(w, 64<<10)
		h.writer = report.NewHARWriter(h.buffer)
	}
	return h.err
}

func (h *harFile) write(r *conformance.Result) error {
	recorded := h.opened
	if err := h.open(); err != nil {
		return err
	}
	var err error
	if recorded {
		err = h.writer.Close(r)
	} else {
		err = report.HAR(h.buffer, r)
	}
	if err == nil {
		err = h.buffer.Flush()
	}
	return h.finish(err)
}

// recordTo returns a function that passes exchanges to all outputs that record; nil
// if none does.
func recordTo(outputs []output) func(string, conformance.Exchange) {
	var all []func(string, conformance.Exchange)
	for _, out := range outputs {
		if out.record != nil {
			all = append(all, out.record)
		}
	}
	if all == nil {
		return nil
	}
	return func(check string, x conformance.Exchange) {
		for _, record := range all {
			record(check, x)
		}
	}
}
