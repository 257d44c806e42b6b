package fault_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock/fault"
)

func noon() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

func set(t *testing.T, faults ...fault.Fault) *fault.Set {
	t.Helper()
	s := fault.NewSet()
	for _, f := range faults {
		if _, err := s.Add(f, noon()); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// pattern is which of n requests a set answers with a fault.
func pattern(s *fault.Set, n int) string {
	var b strings.Builder
	for range n {
		if s.Pick("acme", nil, noon()) != nil {
			b.WriteByte('x')
		} else {
			b.WriteByte('.')
		}
	}
	return b.String()
}

func TestWhenItFires(t *testing.T) {
	reset := fault.Fault{Manufacturer: "acme", Kind: fault.Reset}
	with := func(change func(*fault.Fault)) fault.Fault {
		f := reset
		change(&f)
		return f
	}
	for _, x := range []struct {
		name   string
		faults []fault.Fault
		want   string
	}{
		{"none", nil, "....."},
		{"always", []fault.Fault{reset}, "xxxxx"},
		{"the first two", []fault.Fault{with(func(f *fault.Fault) { f.Times = 2 })}, "xx..."},
		{"after three", []fault.Fault{with(func(f *fault.Fault) { f.After = 3 })}, "...xx"},
		{"the third", []fault.Fault{with(func(f *fault.Fault) { f.After, f.Times = 2, 1 })}, "..x.."},
		{"of another manufacturer", []fault.Fault{with(func(f *fault.Fault) { f.Manufacturer = "globex" })}, "....."},
		{"one after the other", []fault.Fault{
			with(func(f *fault.Fault) { f.Times = 1 }),
			with(func(f *fault.Fault) { f.Times = 1 }),
		}, "xx..."},
	} {
		if got := pattern(set(t, x.faults...), 5); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

func TestShare(t *testing.T) {
	share := func(seed uint64) string {
		return pattern(set(t, fault.Fault{Manufacturer: "acme", Kind: fault.Reset, Share: 0.3, Seed: seed}), 1000)
	}
	if n := strings.Count(share(1), "x"); n < 250 || n > 350 {
		t.Errorf("%d of 1000 at a share of 0.3", n)
	}
	first, again, other := share(7), share(7), share(8)
	if first != again || first == other {
		t.Error("the seed does not decide")
	}
}

func TestUserPattern(t *testing.T) {
	for _, x := range []struct {
		pattern, userID string
		want            bool
	}{
		{"u", "u", true}, {"u", "uu", false}, {"", "", true}, {"*", "", true}, {"*", "any", true},
		{"a*", "abc", true}, {"a*", "ba", false}, {"*c", "abc", true}, {"a*c", "abc", true}, {"a*c", "ac", true},
		{"a*bc*d", "axxbcxxd", true}, {"a*bc*d", "axxbxcxd", false}, {"ab*ba", "aba", false}, {"a**b", "ab", true},
	} {
		s := set(t, fault.Fault{Manufacturer: "acme", Kind: fault.Reset, UserID: &x.pattern})
		if got := s.Pick("acme", &x.userID, noon()) != nil; got != x.want {
			t.Errorf("pattern %q, user %q: %t", x.pattern, x.userID, got)
		}
		if s.Pick("acme", nil, noon()) != nil {
			t.Errorf("pattern %q fits a request without a user", x.pattern)
		}
	}
}

func TestExpiresByItself(t *testing.T) {
	s := set(t, fault.Fault{Manufacturer: "acme", Kind: fault.Reset, ExpiresIn: 10})
	if s.Pick("acme", nil, noon().Add(9*time.Second)) == nil {
		t.Error("it ended too early")
	}
	if s.Pick("acme", nil, noon().Add(10*time.Second)) != nil || len(s.List(nil, noon().Add(10*time.Second))) != 0 {
		t.Error("it did not end")
	}
	unlimited := set(t, fault.Fault{Manufacturer: "acme", Kind: fault.Reset})
	if unlimited.Pick("acme", nil, noon().Add(fault.DefaultExpiry)) != nil {
		t.Error("one that does not say when it expires did not after an hour")
	}
}

func TestDelays(t *testing.T) {
	draw := func(d fault.Delay) []float64 {
		s := set(t, fault.Fault{Manufacturer: "acme", Kind: fault.Slow, Delay: &d, Seed: 3})
		var all []float64
		for range 1001 {
			all = append(all, float64(s.Pick("acme", nil, noon()).Delay)/float64(time.Millisecond))
		}
		slices.Sort(all)
		return all
	}
	if all := draw(fault.Delay{MS: 50}); all[0] != 50 || all[1000] != 50 {
		t.Errorf("fixed: %v to %v", all[0], all[1000])
	}
	if all := draw(fault.Delay{Distribution: fault.Uniform, MinMS: 10, MaxMS: 30}); all[0] < 10 || all[1000] > 30 || math.Abs(all[500]-20) > 2 {
		t.Errorf("uniform: %v, %v, %v", all[0], all[500], all[1000])
	}
	if all := draw(fault.Delay{Distribution: fault.LogNormal, MedianMS: 60_000, Sigma: 5}); all[0] < 0 || all[1000] != 60_000 || all[800] != 60_000 {
		t.Errorf("a long tail: %v to %v", all[0], all[1000])
	}
	all := draw(fault.Delay{Distribution: fault.LogNormal, MedianMS: 100, Sigma: 0.5, MaxMS: 400})
	if math.Abs(all[500]-100) > 8 || all[1000] > 400 || all[841] < 140 || all[841] > 195 { // 100·e^0.5 = 165
		t.Errorf("log-normal: median %v, 84 %% %v, most %v", all[500], all[841], all[1000])
	}
}

func TestWhatCannotBeSet(t *testing.T) {
	body, minus := strings.Repeat("x", fault.MaxBodyBytes+1), -1
	for _, x := range []struct {
		fault fault.Fault
		want  string
	}{
		{fault.Fault{Kind: fault.Reset}, "manufacturer: "},
		{fault.Fault{Kind: "explode"}, "kind: "},
		{fault.Fault{Kind: fault.Status, Status: 600}, "status: "},
		{fault.Fault{Kind: fault.Status, Status: 503, RetryAfter: &minus}, "retry_after: "},
		{fault.Fault{Kind: fault.Status, Body: &body}, "body: "},
		{fault.Fault{Kind: fault.Dribble, EveryMS: -1}, "piece_bytes"},
		{fault.Fault{Kind: fault.MediaType, MediaType: "a b\r\nc: d"}, "media_type: "},
		{fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{MS: 61_000}}, "delay: "},
		{fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{}}, "delay: fixed has ms"},
		{fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{MS: 1, MaxMS: 2}}, "delay: fixed has ms"},
		{fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{Distribution: fault.Uniform, MS: 1}}, "delay: fixed has ms"},
		{fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{Distribution: fault.Uniform, MinMS: 2, MaxMS: 1}}, "delay: min_ms is 2, which is more than max_ms, 1"},
		{fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{Distribution: fault.LogNormal, Sigma: 1}}, "delay: fixed has ms"},
		{fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{Distribution: "sometimes", MS: 1}}, "delay: "},
		{fault.Fault{Kind: fault.Slow, Delay: &fault.Delay{Distribution: fault.LogNormal, MedianMS: 5, Sigma: math.NaN()}}, "delay: "},
		{fault.Fault{Kind: fault.Reset, Times: -1}, "after and times: "},
		{fault.Fault{Kind: fault.Reset, Share: 1.5}, "share: "},
		{fault.Fault{Kind: fault.Reset, Share: math.NaN()}, "share: "},
		{fault.Fault{Kind: fault.Reset, ExpiresIn: -1}, "expires_in: "},
	} {
		if x.want != "manufacturer: " {
			x.fault.Manufacturer = "acme"
		}
		if _, err := fault.NewSet().Add(x.fault, noon()); err == nil || !strings.HasPrefix(err.Error(), x.want) {
			t.Errorf("%+v: %v, want %s", x.fault, err, x.want)
		}
	}
}

func TestNotTooMany(t *testing.T) {
	s := fault.NewSet()
	for i := range fault.MaxFaults + 1 {
		_, err := s.Add(fault.Fault{Manufacturer: "acme", Kind: fault.Reset}, noon())
		if (i == fault.MaxFaults) != errors.Is(err, fault.ErrTooMany) {
			t.Errorf("number %d: %v", i+1, err)
		}
	}
	if _, err := s.Add(fault.Fault{Manufacturer: "globex", Kind: fault.Reset}, noon()); err != nil {
		t.Errorf("of another manufacturer: %v", err)
	}
	acme := "acme"
	if n := s.Clear(&acme); n != fault.MaxFaults || len(s.List(nil, noon())) != 1 {
		t.Errorf("%d cleared", n)
	}
}

func TestFiredIsCounted(t *testing.T) {
	s := set(t, fault.Fault{Manufacturer: "acme", Kind: fault.Reset, Times: 2})
	pattern(s, 5)
	f := s.List(nil, noon())[0]
	if f.Fired != 2 || f.Active || s.Fired()[fault.Fired{Manufacturer: "acme", Kind: fault.Reset}] != 2 {
		t.Errorf("%+v", f)
	}
	if !s.Remove(f.ID) || s.Remove(f.ID) {
		t.Error("Remove does not tell whether there was one")
	}
}
