package defect

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// A mechanism says how a deviation works: it answers an exchange. What it must
// know of earlier ones it keeps in the exchange's memory.
type mechanism func(*exchange)

// A when tells whether an exchange is one to deviate in.
type when func(*exchange) bool

// An edit changes one thing of an exchange: its request, or its answer.
type edit func(*exchange)

// after changes the sound answer where it is one to deviate in.
func after(w when, edits ...edit) mechanism {
	return func(x *exchange) {
		x.serve()
		if w(x) {
			apply(x, edits)
		}
	}
}

// before changes the request where it is one to deviate in; the sound handler
// answers what has become of it.
func before(w when, edits ...edit) mechanism {
	return func(x *exchange) {
		if w(x) {
			apply(x, edits)
		}
		x.serve()
	}
}

// instead answers without the sound handler.
func instead(w when, edits ...edit) mechanism {
	return func(x *exchange) {
		if w(x) {
			apply(x, edits)
			return
		}
		x.serve()
	}
}

// afterMany changes every answer that follows n triggers.
func afterMany(n int64, trigger, w when, edits ...edit) mechanism {
	return func(x *exchange) {
		x.serve()
		if x.memory.counted("triggers") >= n && w(x) {
			apply(x, edits)
		} else if trigger(x) {
			x.memory.count("triggers")
		}
	}
}

// nextOnConnection changes the answer that follows a trigger on the same
// connection.
func nextOnConnection(trigger, w when, edits ...edit) mechanism {
	return func(x *exchange) {
		x.serve()
		now := ""
		if trigger(x) {
			now = "triggered"
		}
		if before := x.memory.keep(x.connection(), now); before != "" && now == "" && w(x) {
			apply(x, edits)
		}
	}
}

// forgiving serves a refused key as if it were the good key that it matches.
func forgiving(match func(good, sent string) bool) mechanism {
	return accepting(func(x *exchange) bool { return x.key() != "" }, func(x *exchange, good string) bool {
		return match(good, x.key())
	})
}

// accepting serves a request that was refused for its key as if it came with
// the first good key that fits.
func accepting(w when, fits func(x *exchange, good string) bool) mechanism {
	return func(x *exchange) {
		x.serve()
		x.learn()
		if !refused(x) || !w(x) {
			return
		}
		for _, k := range x.goodKeys() {
			if fits(x, k) {
				x.setKey(k)
				x.serve()
				return
			}
		}
	}
}

// opening accepts a request for which w holds whatever its key is, once trigger
// held for one with the same subject.
func opening(subject func(*exchange) string, trigger, w when) mechanism {
	open := accepting(func(x *exchange) bool { return x.memory.kept(subject(x)) != "" && w(x) }, anyKey)
	return func(x *exchange) {
		if open(x); trigger(x) {
			x.memory.keep(subject(x), "open")
		}
	}
}

// learn keeps the key of an exchange if it was accepted: so a deviation gets to
// know good keys.
func (x *exchange) learn() {
	if created(x) {
		x.memory.list("good keys", x.key())
	}
}

// goodKeys are the keys that were learnt so far.
func (x *exchange) goodKeys() []string { return x.memory.list("good keys") }

// identity gives each user an id derived from what f returns: two users with
// the same f share an id, and one user with two different f gets two.
func identity(f func(*exchange) string) mechanism {
	return after(created, func(x *exchange) { setText(idName, idOf(f(x)))(x) })
}

// racing creates users without a lock: it looks for the user, takes its time,
// and stores a new id. Who asks meanwhile gets another.
func racing(pause time.Duration) mechanism {
	return after(created, func(x *exchange) {
		id := x.memory.kept(x.user())
		if id == "" {
			time.Sleep(pause)
			id = newID()
			x.memory.keep(x.user(), id)
		}
		setText(idName, id)(x)
	})
}

// colliding changes the answer to who asks for a new user while another
// request creates it.
func colliding(pause time.Duration, edits ...edit) mechanism {
	return after(created, func(x *exchange) {
		switch {
		case x.memory.count(x.user()) == 1:
			time.Sleep(pause)
			x.memory.keep(x.user(), "created")
		case x.memory.kept(x.user()) == "":
			apply(x, edits)
		}
	})
}

// forgetting keeps the ids of the last users only; a user who comes back
// later is taken for a new one.
func forgetting(kept int) mechanism {
	return oneByOne(func(x *exchange) {
		user, users := x.user(), x.memory.list("users")
		if i := slices.Index(users, user); i >= 0 {
			users = slices.Delete(users, i, i+1)
		} else {
			x.memory.keep(user, newID())
		}
		users = append(users, user) // the latest last
		x.memory.keepList("users", users[max(0, len(users)-kept):])
		setText(idName, x.memory.kept(user))(x)
	})
}

// renewedBy gives a user another id whenever w holds for an exchange that names
// that user.
func renewedBy(w when) mechanism {
	return func(x *exchange) {
		x.serve()
		user := askedText(x)
		if w(x) {
			x.memory.count(user)
		}
		if n := x.memory.counted(user); n > 0 && created(x) {
			setText(idName, idOf(x.id()+strconv.FormatInt(n, 10)))(x)
		}
	}
}

// harmedBy answers 500 where w holds for a request, and from then on changes
// whatever is created.
func harmedBy(w when, edits ...edit) mechanism {
	return func(x *exchange) {
		x.serve()
		switch {
		case answered(201, 400)(x) && w(x):
			x.memory.count("harm")
			serverError()(x)
		case created(x) && x.memory.counted("harm") > 0:
			apply(x, edits)
		}
	}
}

// numbered numbers the users of each group, and puts the number behind a text.
func numbered(group func(*exchange) string, text string) mechanism {
	return oneByOne(func(x *exchange) {
		number := x.memory.kept(x.user())
		if number == "" {
			number = strconv.FormatInt(x.memory.count(group(x)), 10)
			x.memory.keep(x.user(), number)
		}
		setText(idName, text+number)(x)
	})
}

// previous echoes the user of the request before, as a server does that keeps
// the request in a variable of the whole program.
func previous() mechanism {
	return oneByOne(func(x *exchange) {
		if before := x.memory.keep("user", x.echoed()); before != "" {
			setText(echoName, before)(x)
		}
	})
}

// oneByOne serves all, and lets f change what was created, one at a time.
func oneByOne(f func(*exchange)) mechanism {
	return after(created, func(x *exchange) {
		x.memory.turn.Lock()
		defer x.memory.turn.Unlock()
		f(x)
	})
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
