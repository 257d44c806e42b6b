package defect

import "time"

// overTimeDefects show only after many requests, many users, or some time: no
// short run can find them.
func overTimeDefects() []Deviation {
	return []Deviation{
		must("cache-of-200-users", "201/sequences", "Only the last 200 users are known; who comes back later is new.", forgetting(200)),
		must("ids-expire", "201/sequences", "A user who was not asked for within 300 ms is new.", expiring(300*time.Millisecond)),
		must("id-wrong-in-331", "201/sequences", "Every 331st 201 names a new id.", after(nth(every(331), created), decorated(newText(idName), randomID))),
		must("rejection-fails-in-101", "201/sequences", "Every 101st 400 is a 500.", after(nth(every(101), rejected), serverError())),
		must("echo-of-another-in-307", "201/sequences", "Every 307th 201 echoes another user.", after(nth(every(307), created), setText(echoName, "somebody else"))),
	}
}

// expiring gives a user a new id who was not asked for within a time.
func expiring(after time.Duration) mechanism {
	return oneByOne(func(x *exchange) {
		now := time.Now()
		last, _ := time.Parse(time.RFC3339Nano, x.memory.keep("last "+x.user(), now.Format(time.RFC3339Nano))) // long ago for a new user
		if now.Sub(last) > after {
			x.memory.keep("id "+x.user(), newID())
		}
		setText(idName, x.memory.kept("id "+x.user()))(x)
	})
}
