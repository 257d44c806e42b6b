// Package metrics counts what a mock answers, for Prometheus.
package metrics

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/journal"
)

// Metrics are those of one mock. Every series has the label manufacturer, which
// is empty where a request did not tell. What is counted elsewhere is read when
// the metrics are.
type Metrics struct {
	names       func() []string // of the manufacturers
	connections func(ctx context.Context, manufacturer string) (int, error)
	journal     *journal.Journal
	faults      *fault.Set

	mu  sync.RWMutex
	all map[string]*tally // by manufacturer
}

// tally is what is counted of one manufacturer.
type tally struct {
	statuses [600]atomic.Int64 // requests by status; 0 is none
	buckets  [17]atomic.Int64
	took     atomic.Int64 // in sum, nanoseconds
}

// bounds returns those of the buckets of durations, in seconds.
func bounds() [16]float64 {
	return [...]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
}

// New returns the metrics of a mock: names returns its manufacturers, connections
// how many connections one of them has.
func New(names func() []string, connections func(ctx context.Context, manufacturer string) (int, error), entries *journal.Journal, faults *fault.Set) *Metrics {
	return &Metrics{names: names, connections: connections, journal: entries, faults: faults, all: map[string]*tally{}}
}

// of returns the tally of a manufacturer.
func (m *Metrics) of(manufacturer string) *tally {
	m.mu.RLock()
	t := m.all[manufacturer]
	m.mu.RUnlock()
	if t != nil {
		return t
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if t = m.all[manufacturer]; t == nil {
		t = &tally{}
		m.all[manufacturer] = t
	}
	return t
}

// Count counts an exchange that is decided; status is 0 if nothing was answered.
func (m *Metrics) Count(manufacturer string, status int) {
	if status < 0 || status >= len(tally{}.statuses) {
		status = 0
	}
	m.of(manufacturer).statuses[status].Add(1)
}

// Finished notes how long an exchange took.
func (m *Metrics) Finished(manufacturer string, took time.Duration) {
	t := m.of(manufacturer)
	bounds, at := bounds(), 0
	for at < len(bounds) && took.Seconds() > bounds[at] {
		at++
	}
	t.buckets[at].Add(1)
	t.took.Add(int64(took))
}

// Forget drops the series of a manufacturer that is gone.
func (m *Metrics) Forget(manufacturer string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.all, manufacturer)
}

// ServeHTTP writes the text format of Prometheus, version 0.0.4.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	m.write(r.Context(), &b)
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores")
	_, _ = b.WriteTo(w) // an error means that the client is gone
}

func (m *Metrics) write(ctx context.Context, w io.Writer) {
	m.mu.RLock()
	tallies := maps.Clone(m.all)
	m.mu.RUnlock()
	names := slices.Sorted(maps.Keys(tallies))

	manufacturers := slices.Sorted(slices.Values(m.names()))
	describe(w, "nox_mock_connections", "gauge", "Connections that there are.")
	for _, each := range manufacturers {
		if n, err := m.connections(ctx, each); err == nil {
			sample(w, "nox_mock_connections", n, "manufacturer", each)
		}
	}
	fired := m.faults.Fired()
	if len(fired) > 0 {
		describe(w, "nox_mock_faults_fired_total", "counter", "Requests that a fault was answered to, by its kind.")
	}
	for _, f := range slices.SortedFunc(maps.Keys(fired), func(a, b fault.Fired) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Manufacturer, b.Manufacturer))
	}) {
		sample(w, "nox_mock_faults_fired_total", fired[f], "kind", string(f.Kind), "manufacturer", f.Manufacturer)
	}
	dropped := m.journal.Dropped()
	describe(w, "nox_mock_journal_dropped_total", "counter", "Exchanges that made room in the journal for later ones.")
	for _, each := range append([]string{""}, manufacturers...) {
		sample(w, "nox_mock_journal_dropped_total", dropped[each], "manufacturer", each)
	}
	if len(names) == 0 {
		return
	}
	bounds := bounds()
	const latency = "nox_mock_request_duration_seconds"
	describe(w, latency, "histogram", "Time until the answer was written, delays included.")
	for _, each := range names {
		t, n := tallies[each], int64(0)
		for i := range t.buckets {
			n += t.buckets[i].Load()
			bound := "+Inf"
			if i < len(bounds) {
				bound = strconv.FormatFloat(bounds[i], 'g', -1, 64)
			}
			sample(w, latency+"_bucket", n, "manufacturer", each, "le", bound)
		}
		sample(w, latency+"_sum", time.Duration(t.took.Load()).Seconds(), "manufacturer", each)
		sample(w, latency+"_count", n, "manufacturer", each)
	}
	describe(w, "nox_mock_requests_total", "counter", "Requests by the status of their answer, which is none where a fault left it out.")
	for _, each := range names {
		for status := range tallies[each].statuses {
			n := tallies[each].statuses[status].Load()
			name := "none"
			if status != 0 {
				name = strconv.Itoa(status)
			}
			if n > 0 {
				sample(w, "nox_mock_requests_total", n, "manufacturer", each, "status", name)
			}
		}
	}
}

func describe(w io.Writer, name, kind, help string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// sample writes one line; labels are names and values in turn.
func sample(w io.Writer, name string, value any, labels ...string) {
	var pairs []string
	for i := 0; i < len(labels); i += 2 {
		pairs = append(pairs, labels[i]+`="`+strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(labels[i+1])+`"`)
	}
	fmt.Fprintf(w, "%s{%s} %v\n", name, strings.Join(pairs, ","), value)
}
