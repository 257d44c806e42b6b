package redisstore_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"nox.energy/contract/mock/redisstore"
	"nox.energy/contract/mock/redisstore/redistest"
)

// BenchmarkConnect is what a store in Redis takes for one user, asked for by 32
// clients at once: known ones, and new ones. redis-µs/op is the processor time of
// Redis, redis-B/op the memory that it has more behind than before.
func BenchmarkConnect(b *testing.B) {
	server := redistest.Start(b, redistest.Programs()[0], os.Getenv("NOX_REQUIRE") != "")
	options, err := redis.ParseURL(server.Address(0))
	if err != nil {
		b.Fatal(err)
	}
	direct := redis.NewClient(options)
	defer direct.Close()
	if err := direct.ConfigSet(b.Context(), "appendonly", "no").Err(); err != nil { // else the disk is measured
		b.Fatal(err)
	}
	s, err := redisstore.Open(b.Context(), server.Address(0))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for _, kind := range []string{"known", "new"} {
		b.Run(kind, func(b *testing.B) {
			var last atomic.Int64
			busy, memory := usedBy(b, direct, "used_cpu_user", "used_cpu_sys"), usedBy(b, direct, "used_memory")
			b.SetParallelism(16)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					userID := "known"
					if kind == "new" {
						userID = fmt.Sprintf("%d-%d", b.N, last.Add(1))
					}
					if _, _, err := s.Manufacturers(b.Context(), ""); err != nil {
						b.Error(err)
					}
					if _, _, err := s.Connect(b.Context(), "acme", userID, fmt.Sprintf("%036s", userID), time.Now()); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric((usedBy(b, direct, "used_cpu_user", "used_cpu_sys")-busy)*1e6/float64(b.N), "redis-µs/op")
			b.ReportMetric((usedBy(b, direct, "used_memory")-memory)/float64(b.N), "redis-B/op")
		})
	}
}

// usedBy adds up values that Redis tells of itself.
func usedBy(b *testing.B, direct *redis.Client, names ...string) (sum float64) {
	b.Helper()
	text, err := direct.Info(b.Context(), "cpu", "memory").Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if slices.Contains(names, name) {
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			sum += number
		}
	}
	return sum
}
