package fault

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// mediaTypes that can be asked for: a type with at most its charset.
var mediaTypes = regexp.MustCompile(`^[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(; ?charset=[A-Za-z0-9-]+)?$`)

// complete fills in what was left out, and takes out what the kind has no use
// for.
func (f *Fault) complete() {
	usual := func(field *int, value int) {
		if *field == 0 {
			*field = value
		}
	}
	row, _ := f.Kind.row()
	if !row.ownBody {
		f.Body = nil
	}
	if row.status == 0 {
		f.Status, f.RetryAfter = 0, nil
	}
	usual(&f.Status, row.status)
	if !row.pieces {
		f.PieceBytes, f.EveryMS = 0, 0
	} else {
		usual(&f.PieceBytes, 1)
		usual(&f.EveryMS, 100)
	}
	if f.Delay == nil && row.delayMS > 0 {
		f.Delay = &Delay{MS: row.delayMS}
	}
	switch {
	case f.Body == nil && row.mediaType == "":
		f.MediaType = ""
	case f.MediaType == "" && f.Body != nil:
		f.MediaType = "text/plain; charset=utf-8"
	case f.MediaType == "":
		f.MediaType = row.mediaType
	}
	if f.RetryAfter == nil {
		f.RetryAfterDate = false
	}
	usual(&f.ExpiresIn, int(DefaultExpiry/time.Second))
	if f.Delay != nil && f.Delay.Distribution == "" {
		f.Delay.Distribution = Fixed
	}
}

// check tells what is wrong with a fault that is complete.
func (f *Fault) check() error {
	_, known := f.Kind.row()
	switch {
	case f.Manufacturer == "":
		return fmt.Errorf("manufacturer: a fault belongs to one")
	case !known:
		return unknownKind(f.Kind)
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status: must be 200 to 599, not %d", f.Status)
	case f.RetryAfter != nil && (*f.RetryAfter < 0 || *f.RetryAfter > 86400):
		return fmt.Errorf("retry_after: 0 to 86400 seconds, not %d", *f.RetryAfter)
	case f.Body != nil && len(*f.Body) > MaxBodyBytes:
		return fmt.Errorf("body: at most %d bytes, not %d", MaxBodyBytes, len(*f.Body))
	case f.MediaType != "" && !mediaTypes.MatchString(f.MediaType):
		return fmt.Errorf("media_type: a type with at most its charset, as in text/html; charset=utf-8")
	case f.PieceBytes < 0 || f.EveryMS < 0 || f.EveryMS > 60000:
		return fmt.Errorf("piece_bytes: 1 or more; every_ms: 1 to 60000")
	case f.After < 0 || f.Times < 0:
		return fmt.Errorf("after and times: 0 or more")
	case !(f.Share >= 0 && f.Share <= 1):
		return fmt.Errorf("share: 0 to 1")
	case f.ExpiresIn < 1 || f.ExpiresIn > int(MaxExpiry/time.Second):
		return fmt.Errorf("expires_in: 1 to %d seconds", MaxExpiry/time.Second)
	}
	if f.Delay != nil {
		return f.Delay.check()
	}
	return nil
}

func unknownKind(k Kind) error {
	var names []string
	for _, row := range kinds() {
		names = append(names, string(row.kind))
	}
	return fmt.Errorf("kind: %q is none of %q", k, names)
}

func (d *Delay) check() error {
	const most = int(MaxDelay / time.Millisecond)
	for _, ms := range []int{d.MS, d.MinMS, d.MaxMS, d.MedianMS} {
		if ms < 0 || ms > most {
			return fmt.Errorf("delay: 0 to %d milliseconds, not %d", most, ms)
		}
	}
	switch {
	case !slices.Contains([]Distribution{Fixed, Uniform, LogNormal}, d.Distribution):
		return fmt.Errorf("delay: distribution must be fixed, uniform or log-normal")
	case !(d.Sigma >= 0 && d.Sigma <= 5):
		return fmt.Errorf("delay: sigma must be 0 to 5")
	}
	return d.checkFields()
}

// checkFields refuses a delay that would be none, or another than it says.
func (d *Delay) checkFields() error {
	own, needed := Delay{Distribution: d.Distribution}, 0
	switch d.Distribution {
	case Fixed:
		own.MS, needed = d.MS, d.MS
	case Uniform:
		own.MinMS, own.MaxMS, needed = d.MinMS, d.MaxMS, d.MaxMS
	case LogNormal:
		own.MedianMS, own.Sigma, own.MaxMS, needed = d.MedianMS, d.Sigma, d.MaxMS, d.MedianMS
	}
	switch {
	case needed == 0 || own != *d:
		return fmt.Errorf("delay: %s", delayFields)
	case d.Distribution == Uniform && d.MinMS > d.MaxMS:
		return fmt.Errorf("delay: min_ms is %d, which is more than max_ms, %d", d.MinMS, d.MaxMS)
	}
	return nil
}
