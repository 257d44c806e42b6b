package mock

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/journal"
)

// metrics counts for Prometheus. Every series has the label manufacturer, which
// is empty where a request did not tell.
type metrics struct {
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	serve    http.HandlerFunc
}

func newMetrics(known *registry, entries *journal.Journal, faults *fault.Set) *metrics {
	made := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nox_mock_requests_total",
			Help: "Requests by the status of their answer, which is none where a fault left it out.",
		}, []string{"manufacturer", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "nox_mock_request_duration_seconds",
			Help:    "Time until the answer was written, delays included.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"manufacturer"}),
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(made.requests, made.latency, &stateCollector{known, entries, faults})
	made.serve = promhttp.HandlerFor(registry, promhttp.HandlerOpts{DisableCompression: true, ErrorHandling: promhttp.ContinueOnError}).ServeHTTP
	return made
}

// count counts an exchange that is decided.
func (m *metrics) count(e *journal.Entry) {
	status := "none"
	if e.Response.Status != 0 {
		status = strconv.Itoa(e.Response.Status)
	}
	m.requests.WithLabelValues(e.Manufacturer, status).Inc()
}

// finished notes how long an exchange took.
func (m *metrics) finished(x *exchange) {
	m.latency.WithLabelValues(x.caller.manufacturer).Observe(time.Since(x.began).Seconds())
}

// forget drops the series of a manufacturer that is gone.
func (m *metrics) forget(manufacturer string) {
	labels := prometheus.Labels{"manufacturer": manufacturer}
	m.requests.DeletePartialMatch(labels)
	m.latency.DeletePartialMatch(labels)
}

// stateCollector reads what is counted elsewhere.
type stateCollector struct {
	registry *registry
	journal  *journal.Journal
	faults   *fault.Set
}

func (c *stateCollector) connections() *prometheus.Desc {
	return prometheus.NewDesc("nox_mock_connections", "Connections that there are.", []string{"manufacturer"}, nil)
}

func (c *stateCollector) dropped() *prometheus.Desc {
	return prometheus.NewDesc("nox_mock_journal_dropped_total", "Exchanges that made room in the journal for later ones.", []string{"manufacturer"}, nil)
}

func (c *stateCollector) fired() *prometheus.Desc {
	return prometheus.NewDesc("nox_mock_faults_fired_total", "Requests that a fault was answered to, by its kind.", []string{"manufacturer", "kind"}, nil)
}

// Describe implements [prometheus.Collector].
func (c *stateCollector) Describe(out chan<- *prometheus.Desc) {
	out <- c.connections()
	out <- c.dropped()
	out <- c.fired()
}

// Collect implements [prometheus.Collector].
func (c *stateCollector) Collect(out chan<- prometheus.Metric) {
	dropped := c.journal.Dropped()
	for _, each := range c.registry.all() {
		n, err := c.registry.store.Count(context.Background(), each.Name)
		if err != nil {
			out <- prometheus.NewInvalidMetric(c.connections(), err)
			continue
		}
		out <- prometheus.MustNewConstMetric(c.connections(), prometheus.GaugeValue, float64(n), each.Name)
		out <- prometheus.MustNewConstMetric(c.dropped(), prometheus.CounterValue, float64(dropped[each.Name]), each.Name)
	}
	out <- prometheus.MustNewConstMetric(c.dropped(), prometheus.CounterValue, float64(dropped[""]), "")
	for key, n := range c.faults.Fired() {
		out <- prometheus.MustNewConstMetric(c.fired(), prometheus.CounterValue, float64(n), key.Manufacturer, string(key.Kind))
	}
}
