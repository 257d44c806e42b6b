package runner_test

import (
	"syscall"
	"testing"
	"time"

	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock/mocktest"
)

// BenchmarkRun is a whole run against the mock, with the processor time of an
// exchange: that of the runner, and the little that the mock takes.
func BenchmarkRun(b *testing.B) {
	s := mocktest.NewServer(b)
	exchanges, before := 0, processorTime(b)
	for b.Loop() {
		r, err := runner.New(configFor(s))
		if err != nil {
			b.Fatal(err)
		}
		for _, response := range r.Run(b.Context()).Responses {
			exchanges += response.Exchanges
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(exchanges), "µs-cpu/exchange")
}

func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
