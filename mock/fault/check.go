package fault

import (
	"fmt"
	"mime"
	"slices"
	"time"
)

// complete fills in what was left out.
func (f *Fault) complete() {
	set := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	switch f.Kind {
	case Gateway:
		set(&f.Status, 502)
	case Dribble:
		set(&f.PieceBytes, 1)
		set(&f.EveryMS, 100)
	case MediaType:
		if f.MediaType == "" {
			f.MediaType = "text/html; charset=utf-8"
		}
	}
	if f.RetryAfter == nil && (f.Status == 429 || f.Status == 503) {
		second := 1
		f.RetryAfter = &second
	}
	if f.Body != nil && f.MediaType == "" {
		f.MediaType = "text/plain; charset=utf-8"
	}
	set(&f.ExpiresIn, int(DefaultExpiry/time.Second))
	if f.Delay != nil && f.Delay.Distribution == "" {
		f.Delay.Distribution = Fixed
	}
}

// check tells what is wrong with a fault that is complete.
func (f *Fault) check() error {
	kinds := []Kind{Status, Gateway, Reset, Empty, Lost, ResetDuring, CutShort, Dribble, MediaType, Slow}
	hasStatus := f.Kind == Status || f.Kind == Gateway
	switch {
	case f.Manufacturer == "":
		return fmt.Errorf("manufacturer: a fault belongs to one")
	case !slices.Contains(kinds, f.Kind):
		return fmt.Errorf("kind: %q is none of %q", f.Kind, kinds)
	case hasStatus && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status: 200 to 599 can be answered, not %d", f.Status)
	case !hasStatus && f.Status != 0:
		return fmt.Errorf("status: a fault of kind %s has none", f.Kind)
	case f.RetryAfter != nil && (!hasStatus || *f.RetryAfter < 0 || *f.RetryAfter > 86400):
		return fmt.Errorf("retry_after: 0 to 86400 seconds, with the kinds status and gateway")
	case f.Body != nil && (f.Kind != Status || len(*f.Body) > MaxBodyBytes):
		return fmt.Errorf("body: at most %d bytes, with the kind status", MaxBodyBytes)
	case f.MediaType != "" && f.Kind != MediaType && f.Body == nil:
		return fmt.Errorf("media_type: needs the kind media-type, or a body")
	case f.Kind != Dribble && (f.PieceBytes != 0 || f.EveryMS != 0):
		return fmt.Errorf("piece_bytes and every_ms: with the kind dribble only")
	case f.Kind == Dribble && (f.PieceBytes < 1 || f.EveryMS < 1 || f.EveryMS > 60000):
		return fmt.Errorf("piece_bytes: 1 or more; every_ms: 1 to 60000")
	case f.Kind == Slow && f.Delay == nil:
		return fmt.Errorf("delay: the kind delay needs one")
	case f.After < 0 || f.Times < 0:
		return fmt.Errorf("after and times: 0 or more")
	case !(f.Share >= 0 && f.Share <= 1):
		return fmt.Errorf("share: 0 to 1")
	case f.ExpiresIn < 1 || f.ExpiresIn > int(MaxExpiry/time.Second):
		return fmt.Errorf("expires_in: 1 to %d seconds", MaxExpiry/time.Second)
	}
	if f.MediaType != "" {
		if _, _, err := mime.ParseMediaType(f.MediaType); err != nil {
			return fmt.Errorf("media_type: %q is none", f.MediaType)
		}
	}
	if f.Delay != nil {
		return f.Delay.check()
	}
	return nil
}

func (d *Delay) check() error {
	const most = int(MaxDelay / time.Millisecond)
	within := func(ms int) bool { return ms >= 0 && ms <= most }
	switch {
	case !within(d.MS) || !within(d.MinMS) || !within(d.MaxMS) || !within(d.MedianMS):
		return fmt.Errorf("delay: 0 to %d milliseconds", most)
	case d.Distribution == Fixed && (d.MS == 0 || d.MinMS != 0 || d.MaxMS != 0 || d.MedianMS != 0 || d.Sigma != 0):
		return fmt.Errorf("delay: a fixed one has ms, 1 or more, and nothing else")
	case d.Distribution == Uniform && (d.MaxMS == 0 || d.MinMS > d.MaxMS || d.MS != 0 || d.MedianMS != 0 || d.Sigma != 0):
		return fmt.Errorf("delay: a uniform one has max_ms, 1 or more, min_ms, not above it, and nothing else")
	case d.Distribution == LogNormal && (d.MedianMS == 0 || !(d.Sigma > 0 && d.Sigma <= 5) || d.MS != 0 || d.MinMS != 0):
		return fmt.Errorf("delay: a log-normal one has median_ms, 1 or more, sigma, above 0 and at most 5, max_ms if wanted, and nothing else")
	case !slices.Contains([]Distribution{Fixed, Uniform, LogNormal}, d.Distribution):
		return fmt.Errorf("delay: distribution must be fixed, uniform or log-normal")
	}
	return nil
}
