package defect

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// A mechanism says how a deviation works. It is called once for each wrapped
// handler and returns what answers an exchange, with fresh state behind it.
type mechanism func() func(*exchange)

// A when tells whether an exchange is one to deviate in.
type when func(*exchange) bool

// An edit changes one thing of an exchange: its request, or its answer.
type edit func(*exchange)

// Each of the following is stateless, or keeps what its comment says.

// after changes the sound answer where it is one to deviate in.
func after(w when, edits ...edit) mechanism {
	return stateless(func(x *exchange) {
		x.serve()
		if w(x) {
			apply(x, edits)
		}
	})
}

// before changes the request where it is one to deviate in; the sound handler
// answers what has become of it.
func before(w when, edits ...edit) mechanism {
	return stateless(func(x *exchange) {
		if w(x) {
			apply(x, edits)
		}
		x.serve()
	})
}

// instead answers without the sound handler.
func instead(w when, edits ...edit) mechanism {
	return stateless(func(x *exchange) {
		if w(x) {
			apply(x, edits)
			return
		}
		x.serve()
	})
}

// afterNth changes those of the answers to deviate in whose number f picks,
// from 1. It counts them.
func afterNth(f func(n int64) bool, w when, edits ...edit) mechanism {
	return func() func(*exchange) {
		var count atomic.Int64
		return func(x *exchange) {
			x.serve()
			if w(x) && f(count.Add(1)) {
				apply(x, edits)
			}
		}
	}
}

// beforeNth is afterNth for requests.
func beforeNth(f func(n int64) bool, w when, edits ...edit) mechanism {
	return func() func(*exchange) {
		var count atomic.Int64
		return func(x *exchange) {
			if w(x) && f(count.Add(1)) {
				apply(x, edits)
			}
			x.serve()
		}
	}
}

// afterNthOf is afterNth, counted for each subject by itself.
func afterNthOf(subject func(*exchange) string, f func(n int64) bool, w when, edits ...edit) mechanism {
	return func() func(*exchange) {
		var counts sync.Map
		return func(x *exchange) {
			x.serve()
			if !w(x) {
				return
			}
			count, _ := counts.LoadOrStore(subject(x), new(atomic.Int64))
			if f(count.(*atomic.Int64).Add(1)) {
				apply(x, edits)
			}
		}
	}
}

func every(n int64) func(int64) bool    { return func(i int64) bool { return i%n == 0 } }
func afterThe(n int64) func(int64) bool { return func(i int64) bool { return i > n } }

// theLast picks the last few of each round of n.
func theLast(few, n int64) func(int64) bool {
	return func(i int64) bool { return (i-1)%n >= n-few }
}

// afterMany changes every answer that follows n triggers. It counts them.
func afterMany(n int64, trigger, w when, edits ...edit) mechanism {
	return func() func(*exchange) {
		var count atomic.Int64
		return func(x *exchange) {
			x.serve()
			if count.Load() >= n && w(x) {
				apply(x, edits)
			} else if trigger(x) {
				count.Add(1)
			}
		}
	}
}

// nextOnConnection changes the answer that follows a trigger on the same
// connection. It remembers the connections.
func nextOnConnection(trigger, w when, edits ...edit) mechanism {
	return func() func(*exchange) {
		var triggered sync.Map
		return func(x *exchange) {
			x.serve()
			if trigger(x) {
				triggered.Store(x.request.RemoteAddr, true)
				return
			}
			if _, ok := triggered.LoadAndDelete(x.request.RemoteAddr); ok && w(x) {
				apply(x, edits)
			}
		}
	}
}

// forgiving serves a refused key as if it were the good key that it matches.
// It learns good keys by seeing them accepted.
func forgiving(match func(good, sent string) bool) mechanism {
	return accepting(func(x *exchange) bool { return x.key() != "" }, func(x *exchange, good string) bool {
		return match(good, x.key())
	})
}

// accepting serves a request that was refused for its key as if it came with
// the first good key that fits. It learns good keys by seeing them accepted.
func accepting(w when, fits func(x *exchange, good string) bool) mechanism {
	return func() func(*exchange) {
		var mu sync.Mutex
		var good []string
		return func(x *exchange) {
			x.serve()
			mu.Lock()
			if created(x) && !slices.Contains(good, x.key()) {
				good = append(good, x.key())
			}
			known := slices.Clone(good)
			mu.Unlock()
			if !refused(x) || !w(x) {
				return
			}
			for _, k := range known {
				if fits(x, k) {
					x.setKey(k)
					x.serve()
					return
				}
			}
		}
	}
}

// identity gives each user an id derived from what f returns: two users with
// the same f share an id, and one user with two different f gets two.
func identity(f func(*exchange) string) mechanism {
	return after(created, func(x *exchange) { setText(idName, idOf(f(x)))(x) })
}

// racing creates users without a lock: it looks for the user, takes its time,
// and stores a new id. Who asks meanwhile gets another.
func racing(pause time.Duration) mechanism {
	return func() func(*exchange) {
		var ids sync.Map
		return func(x *exchange) {
			x.serve()
			if !created(x) {
				return
			}
			id, known := ids.Load(x.user())
			if !known {
				time.Sleep(pause)
				id = newID()
				ids.Store(x.user(), id)
			}
			setText(idName, id.(string))(x)
		}
	}
}

// colliding changes the answer to who asks for a new user while another
// request creates it.
func colliding(pause time.Duration, edits ...edit) mechanism {
	return func() func(*exchange) {
		var began sync.Map // user → chan struct{}, closed when created
		return func(x *exchange) {
			x.serve()
			if !created(x) {
				return
			}
			mine := make(chan struct{})
			first, found := began.LoadOrStore(x.user(), mine)
			if !found {
				time.Sleep(pause)
				close(mine)
				return
			}
			select {
			case <-first.(chan struct{}):
			default:
				apply(x, edits)
			}
		}
	}
}

// forgetting keeps the ids of the last users only; a user who comes back
// later is taken for a new one.
func forgetting(kept int) mechanism {
	return func() func(*exchange) {
		var users, ids []string // the latest last
		return oneByOne(func(x *exchange) {
			user, id := x.user(), newID()
			if i := slices.Index(users, user); i >= 0 {
				id = ids[i]
				users, ids = slices.Delete(users, i, i+1), slices.Delete(ids, i, i+1)
			}
			users, ids = append(users, user), append(ids, id)
			if len(users) > kept {
				users, ids = users[1:], ids[1:]
			}
			setText(idName, id)(x)
		})
	}
}

// renewedBy gives a user another id whenever w holds for an exchange that names
// that user.
func renewedBy(w when) mechanism {
	return func() func(*exchange) {
		var mu sync.Mutex
		times := map[string]int{}
		return func(x *exchange) {
			x.serve()
			mu.Lock()
			defer mu.Unlock()
			user := askedText(x)
			if w(x) {
				times[user]++
			}
			if n := times[user]; n > 0 && created(x) {
				setText(idName, idOf(x.id()+strconv.Itoa(n)))(x)
			}
		}
	}
}

// harmedBy answers 500 where w holds for a request, and from then on changes
// whatever is created.
func harmedBy(w when, edits ...edit) mechanism {
	return func() func(*exchange) {
		var harmed atomic.Bool
		return func(x *exchange) {
			x.serve()
			switch {
			case answered(201, 400)(x) && w(x):
				harmed.Store(true)
				serverError()(x)
			case created(x) && harmed.Load():
				apply(x, edits)
			}
		}
	}
}

// numbered numbers the users of each key.
func numbered() mechanism {
	return func() func(*exchange) {
		numbers := map[string]map[string]int{}
		return oneByOne(func(x *exchange) {
			users := numbers[x.key()]
			if users == nil {
				users = map[string]int{}
				numbers[x.key()] = users
			}
			if users[x.user()] == 0 {
				users[x.user()] = len(users) + 1
			}
			setText(idName, "nox_subscriber_"+strconv.Itoa(users[x.user()]))(x)
		})
	}
}

// previous echoes the user of the request before, as a server does that keeps
// the request in a variable of the whole program.
func previous() mechanism {
	return func() func(*exchange) {
		var last string
		return oneByOne(func(x *exchange) {
			before := last
			last = x.echoed()
			if before != "" {
				setText(echoName, before)(x)
			}
		})
	}
}

// oneByOne serves all, and lets f change what was created, one at a time.
func oneByOne(f func(*exchange)) func(*exchange) {
	var mu sync.Mutex
	return func(x *exchange) {
		if x.serve(); created(x) {
			mu.Lock()
			defer mu.Unlock()
			f(x)
		}
	}
}

func stateless(f func(*exchange)) mechanism {
	return func() func(*exchange) { return f }
}

func apply(x *exchange, edits []edit) {
	for _, e := range edits {
		e(x)
	}
}

// idOf is an id derived from a text, in the form of a UUID (version 8, RFC 9562).
func idOf(text string) string {
	return uuid.NewHash(sha256.New(), uuid.Nil, []byte(text), 8).String()
}

// newID is a random id in the form of a UUID.
func newID() string { return uuid.NewString() }
