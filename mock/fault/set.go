package fault

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MaxFaults is how many faults a manufacturer may have at one time.
const MaxFaults = 1000

// ErrTooMany is returned by [Set.Add] when a manufacturer has [MaxFaults].
var ErrTooMany = errors.New("too many faults at one time")

// Set holds the faults in force. It is safe for concurrent use.
type Set struct {
	mu    sync.Mutex
	last  int      // the number of the last id
	all   []*armed // oldest first
	fired map[Fired]int64
}

// Fired names what is counted for ever: see [Set.Fired].
type Fired struct {
	Manufacturer string
	Kind         Kind
}

// armed is a fault with what it needs to decide.
type armed struct {
	Fault
	seen   int // requests that fit
	chance *rand.Rand
}

// Shot is a fault that fires for one request.
type Shot struct {
	Fault
	Delay time.Duration // drawn for this request
}

// NewSet returns a set without faults.
func NewSet() *Set { return &Set{fired: map[Fired]int64{}} }

// Add puts a fault into force from now on and returns it with its id, its
// defaults and when it expires. The error names the field that is wrong.
func (s *Set) Add(f Fault, now time.Time) (Fault, error) {
	if f.Delay != nil {
		own := *f.Delay
		f.Delay = &own
	}
	f.complete()
	if err := f.check(); err != nil {
		return Fault{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	n := 0
	for _, a := range s.all {
		if a.Manufacturer == f.Manufacturer {
			n++
		}
	}
	if n >= MaxFaults {
		return Fault{}, fmt.Errorf("%w: %q has %d", ErrTooMany, f.Manufacturer, n)
	}
	s.last++
	f.ID = "fault-" + strconv.Itoa(s.last)
	f.Expires = now.Add(time.Duration(f.ExpiresIn) * time.Second).UTC()
	f.Fired, f.Active = 0, true
	s.all = append(s.all, &armed{Fault: f, chance: rand.New(rand.NewPCG(f.Seed, 0))})
	return f, nil
}

// None reports whether there is no fault at all.
func (s *Set) None() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all) == 0
}

// Pick returns the fault that fires for a request, nil if none does: the first
// one set of those that fit and are due. userID is nil where the request names
// none.
func (s *Set) Pick(manufacturer string, userID *string, now time.Time) *Shot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) == 0 {
		return nil
	}
	s.expire(now)
	for _, a := range s.all {
		if a.Manufacturer == manufacturer && a.Active && a.fits(userID) && a.due() {
			a.Fired++
			a.Active = a.Times == 0 || a.Fired < a.Times
			s.fired[Fired{manufacturer, a.Kind}]++
			return &Shot{a.Fault, a.Delay.draw(a.chance)}
		}
	}
	return nil
}

func (a *armed) fits(userID *string) bool {
	return a.UserID == nil || userID != nil && matches(*a.UserID, *userID)
}

// due counts a request that fits and decides.
func (a *armed) due() bool {
	a.seen++
	if a.seen <= a.After {
		return false
	}
	return a.Share == 0 || a.chance.Float64() < a.Share
}

// draw returns a delay; of no delay, 0.
func (d *Delay) draw(chance *rand.Rand) time.Duration {
	if d == nil {
		return 0
	}
	ms := float64(d.MS)
	switch d.Distribution {
	case Uniform:
		ms = float64(d.MinMS) + chance.Float64()*float64(max(d.MaxMS-d.MinMS, 0))
	case LogNormal:
		ms = float64(d.MedianMS) * math.Exp(d.Sigma*chance.NormFloat64())
		if d.MaxMS > 0 {
			ms = min(ms, float64(d.MaxMS))
		}
	}
	// The tail of a log-normal delay has no end, and a duration has.
	ms = min(ms, float64(MaxDelay/time.Millisecond))
	return time.Duration(ms * float64(time.Millisecond))
}

// expire removes the faults whose time is over.
func (s *Set) expire(now time.Time) {
	s.all = slices.DeleteFunc(s.all, func(a *armed) bool { return !now.Before(a.Expires) })
}

// List returns the faults of a manufacturer that have not expired, or of all
// if it is nil, oldest first. Those that have fired often enough are among them.
func (s *Set) List(manufacturer *string, now time.Time) []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	all := []Fault{}
	for _, a := range s.all {
		if manufacturer == nil || a.Manufacturer == *manufacturer {
			all = append(all, a.Fault)
		}
	}
	return all
}

// Remove ends a fault by its id. It tells whether there was one.
func (s *Set) Remove(id string) bool {
	return s.clear(func(a *armed) bool { return a.ID == id }) > 0
}

// Clear ends the faults of a manufacturer, or all if it is nil, and returns how
// many there were.
func (s *Set) Clear(manufacturer *string) int {
	return s.clear(func(a *armed) bool { return manufacturer == nil || a.Manufacturer == *manufacturer })
}

func (s *Set) clear(selected func(*armed) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.all)
	s.all = slices.DeleteFunc(s.all, selected)
	return before - len(s.all)
}

// Forget ends the faults of a manufacturer and the count of those that fired.
func (s *Set) Forget(manufacturer string) {
	s.Clear(&manufacturer)
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.fired, func(f Fired, _ int64) bool { return f.Manufacturer == manufacturer })
}

// Fired is how often faults have fired, ever, by manufacturer and kind.
func (s *Set) Fired() map[Fired]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.fired)
}

// matches compares text with a pattern in which * stands for any characters.
func matches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}
