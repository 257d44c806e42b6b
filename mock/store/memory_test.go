package store_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"nox.energy/contract/mock/store"
	"nox.energy/contract/mock/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func() store.Store { return store.NewMemory() })
}

// Times that no clock of today shows are kept as well.
func TestOddTimes(t *testing.T) {
	s := store.NewMemory()
	for i, at := range []time.Time{{}, time.Unix(0, 0).UTC(), time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)} {
		want := store.Connection{Manufacturer: "a", UserID: fmt.Sprint(i), NoxUserID: fmt.Sprint(i), FirstAsked: at, LastAsked: at, TimesAsked: int64(i)}
		if err := s.Put(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		page, _, err := s.List(t.Context(), "a", "", "", 100)
		if err != nil || page[len(page)-1] != want {
			t.Errorf("%+v comes back as %+v, %v", want, page[len(page)-1], err)
		}
	}
}

// BenchmarkMemory makes connections, and says what each one takes above the length
// of its ids. Raise the number with -benchtime, as in 10000000x.
func BenchmarkMemory(b *testing.B) {
	s := store.NewMemory()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	strings, at := 0, time.Now()
	longest := time.Duration(0)
	for i := range b.N {
		userID, noxUserID := fmt.Sprintf("customer-%d", i), fmt.Sprintf("%08d-9c1d-5f7a-8a44-3d5b1c7e9f20", i)
		strings += len(userID) + len(noxUserID)
		began := time.Now()
		if _, _, err := s.Connect(b.Context(), "acme", userID, noxUserID, at); err != nil {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(began))
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc)-float64(strings))/float64(b.N), "B/connection")
	b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
	began := time.Now()
	runtime.GC()
	b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "ms-collection")
	runtime.KeepAlive(s)
}
