package redisstore

import (
	"errors"
	"strconv"
	"time"

	"nox.energy/contract/mock/store"
)

var errDamaged = errors.New("what stands in the store is not what a mock wrote")

// written is a time as it is kept; the zero time is "".
func written(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// readConnection reads user_id, nox_user_id, first, last and how often.
func readConnection(manufacturer string, fields []any) (store.Connection, error) {
	if len(fields) != 5 {
		return store.Connection{}, errDamaged
	}
	first, err1 := readTime(text(fields[2]))
	last, err2 := readTime(text(fields[3]))
	times, err3 := strconv.ParseInt(text(fields[4]), 10, 64)
	if errors.Join(err1, err2, err3) != nil {
		return store.Connection{}, errDamaged
	}
	if last.Before(first) && times > 1 {
		last = first // of two requests at once the later one was written first
	}
	return store.Connection{
		Manufacturer: manufacturer,
		UserID:       text(fields[0]),
		NoxUserID:    text(fields[1]),
		FirstAsked:   first,
		LastAsked:    last,
		TimesAsked:   times,
	}, nil
}

func readTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, text)
}

// text is a value of a reply; one that is missing is "".
func text(value any) string {
	s, _ := value.(string)
	return s
}
