package scorecard_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/scorecard"
)

var begin = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

const operation = "createThing"

// request is an exchange of a client that does everything right: a user of its
// own, on the one connection. ms is when it came.
func request(ms int, changes ...func(*journal.Entry)) journal.Entry {
	userID := fmt.Sprintf("user-%d", ms)
	e := journal.Entry{
		Time: begin.Add(time.Duration(ms) * time.Millisecond), Manufacturer: "acme", Key: "k", Connection: 1, Operation: operation, UserID: &userID,
		Request:  journal.Request{Method: "POST", Path: "/things", Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: userID, BodyBytes: len(userID)},
		Response: journal.Response{Status: 201}, TookMS: 1, Outcome: journal.Answered, Why: journal.Why{Rule: "created"},
	}
	for _, change := range changes {
		change(&e)
	}
	return e
}

type change = func(*journal.Entry)

func status(code int) change { return func(e *journal.Entry) { e.Response.Status = code } }
func body(text string) change {
	return func(e *journal.Entry) { e.Request.Body = text; e.UserID = nil }
}
func user(id string) change      { return func(e *journal.Entry) { e.UserID, e.Request.Body = &id, id } }
func on(connection int) change   { return func(e *journal.Entry) { e.Connection = int64(connection) } }
func took(ms float64) change     { return func(e *journal.Entry) { e.TookMS = ms } }
func key(digest string) change   { return func(e *journal.Entry) { e.Key = digest } }
func rule(name string) change    { return func(e *journal.Entry) { e.Why.Rule = name } }
func elsewhere(at string) change { return func(e *journal.Entry) { e.KeyElsewhere = at } }
func ended(how journal.Outcome) change {
	return func(e *journal.Entry) { e.Outcome = how }
}
func retryAfter(seconds string) change {
	return func(e *journal.Entry) { e.Response.Headers = map[string][]string{"Retry-After": {seconds}} }
}

// failing are tries of one request that all failed, with these waits between
// them, in milliseconds.
func failing(waits ...int) []journal.Entry {
	var all []journal.Entry
	at := 0
	for _, wait := range waits {
		at += wait + 1 // each takes a millisecond
		all = append(all, request(at, body("a"), status(500)))
	}
	return all
}

// firstRetries are requests that failed once each, with the waits before they
// came again.
func firstRetries(waits ...int) []journal.Entry {
	var all []journal.Entry
	for i, wait := range waits {
		name := fmt.Sprint(i)
		all = append(all, request(i*10_000, body(name), status(500)), request(i*10_000+wait, body(name)))
	}
	return all
}

// drawn is the card of these requests, after which none comes, or at the time
// after the beginning.
func drawn(now time.Duration, over bool, entries ...journal.Entry) scorecard.Card {
	t := scorecard.New(0)
	for i := range entries {
		entries[i].ID = int64(i + 1)
		t.Observe(&entries[i])
	}
	responses := []scorecard.Response{{Operation: operation, Status: "201"}, {Operation: operation, Status: "400"}, {Operation: operation, Status: "500"}}
	return scorecard.Draw([]*scorecard.Tracker{t}, responses, []string{"201", "500"}, begin.Add(now), over)
}

// mistakes are those that were made, as "name×times" with the entries.
func mistakes(c scorecard.Card) string {
	var made []string
	for _, m := range c.Mistakes {
		if m.Times > 0 {
			entries := []int64{}
			for _, x := range m.Examples {
				entries = append(entries, x.Entry)
			}
			made = append(made, fmt.Sprintf("%s×%d%v", m.Name, m.Times, entries))
		}
	}
	return strings.Join(made, " ")
}

// Each mistake is counted where it is made, and not by a hair's breadth beside.
func TestMistakes(t *testing.T) {
	many := func(n int, changes func(i int) []change) []journal.Entry {
		var all []journal.Entry
		for i := range n {
			all = append(all, request(i*1000, changes(i)...))
		}
		return all
	}
	ownConnection := func(i int) []change { return []change{on(i + 1)} }
	for _, x := range []struct {
		name    string
		entries []journal.Entry
		want    string // "" is innocent
	}{
		{"nothing", nil, ""},
		{"sound", many(12, func(int) []change { return nil }), ""},

		{"asked in vain", []journal.Entry{request(0, func(e *journal.Entry) { e.NotUnderstood = "Prefer: code=503 is not understood" })}, "ask-not-understood×1[1]"},
		{"wrong media type", []journal.Entry{request(0, status(400), rule("media-type"))}, "wrong-media-type×1[1]"},
		{"wrong body", []journal.Entry{request(0, status(400), rule("schema.type"))}, ""},

		{"key elsewhere", []journal.Entry{request(0, status(401), elsewhere("query"))}, "key-in-wrong-place×1[1]"},
		{"no key", []journal.Entry{request(0, status(401))}, ""},

		{"retry at once", []journal.Entry{request(0, body("a"), status(500)), request(100, body("a"))}, "retry-without-back-off×1[2]"},
		{"retry after 100 ms", []journal.Entry{request(0, body("a"), status(500)), request(101, body("a"))}, ""},
		{"100 ms count from the end of the answer", []journal.Entry{request(0, body("a"), status(500), took(500)), request(599, body("a"))}, "retry-without-back-off×1[2]"},
		{"another request at once", []journal.Entry{request(0, body("a"), status(500)), request(1, body("b")), request(500, body("a"))}, ""},
		{"of another manufacturer's client", []journal.Entry{request(0, body("a"), status(500)), request(1, body("a"), func(e *journal.Entry) { e.Manufacturer = "globex" }), request(500, body("a"))}, ""},
		{"before Retry-After", []journal.Entry{request(0, body("a"), status(503), retryAfter("2")), request(2000, body("a"))}, "retry-before-retry-after×1[2]"},
		{"after Retry-After", []journal.Entry{request(0, body("a"), status(503), retryAfter("2")), request(2001, body("a"))}, ""},
		{"429 at once", []journal.Entry{request(0, body("a"), status(429)), request(50, body("a"))}, "retry-without-back-off×1[2]"},
		{"Retry-After that is no number", []journal.Entry{request(0, body("a"), status(503), retryAfter("soon")), request(200, body("a"))}, ""},

		{"400 again", []journal.Entry{request(0, body("a"), status(400)), request(5000, body("a"), status(400))}, "retry-of-400×1[2]"},
		{"400, then corrected", []journal.Entry{request(0, body("a"), status(400)), request(5000, body("b"))}, ""},
		{"400, then as another media type", []journal.Entry{request(0, body("a"), status(400)), request(5000, body("a"), func(e *journal.Entry) { e.Request.Headers = nil })}, ""},
		{"401 again", []journal.Entry{request(0, body("a"), status(401)), request(5000, body("a"), status(401))}, "retry-of-401×1[2]"},
		{"401, then another key", []journal.Entry{request(0, body("a"), status(401)), request(5000, body("a"), key("other"))}, ""},

		{"500, then nothing", []journal.Entry{request(0, body("a"), status(500))}, "no-retry-of-500×1[1]"},
		{"500 twice, then nothing", []journal.Entry{request(0, body("a"), status(500)), request(5000, body("a"), status(500))}, ""},
		{"500, success, 500, then nothing", []journal.Entry{request(0, body("a"), status(500)), request(5000, body("a")), request(9000, body("a"), status(500))}, "no-retry-of-500×1[3]"},
		{"lost, then nothing", []journal.Entry{request(0, body("a"), ended(journal.Dropped))}, "no-retry-of-lost-response×1[1]"},
		{"lost, then again", []journal.Entry{request(0, body("a"), ended(journal.Dropped)), request(5000, body("a"))}, ""},
		{"400, then nothing", []journal.Entry{request(0, body("a"), status(400))}, ""},

		{"left at once", []journal.Entry{request(0, body("a"), took(999), ended(journal.GaveUp)), request(5000, body("a"))}, "gave-up-early×1[1]"},
		{"left after a sensible time", []journal.Entry{request(0, body("a"), took(5000), ended(journal.GaveUp)), request(9000, body("a"))}, ""},
		{"waited for an hour", []journal.Entry{request(0, took(30_001))}, "no-timeout×1[1]"},
		{"left after an hour", []journal.Entry{request(0, body("a"), took(40_000), ended(journal.GaveUp)), request(49_000, body("a"))}, "no-timeout×1[1]"},
		{"slow, and waited for", []journal.Entry{request(0, took(30_000))}, ""},
		{"left, and never tried again", []journal.Entry{request(0, body("a"), took(5000), ended(journal.GaveUp))}, "no-retry-of-lost-response×1[1]"},

		{"at a constant pace", failing(0, 130, 131, 128, 130), "retry-at-constant-pace×1[4]"},
		{"twice as long each time", failing(0, 200, 400, 800, 1600), ""},
		{"half as long again each time", failing(0, 200, 300, 450), ""},
		{"of random length", failing(0, 700, 350, 1200), ""},
		{"three tries at a constant pace", failing(0, 500, 500), ""},
		{"a queue with a pace of its own", failing(0, 10_000, 10_000, 10_000, 10_000), ""},
		{"no limit", failing(0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000, 5000), "retry-without-limit×1[11]"},
		{"ten tries", failing(0, 101, 200, 400, 800, 1600, 3200, 5000, 5000, 5000), ""},
		{"a queue for a day", failing(0, 1000, 10_000, 30_000, 60_000, 120_000, 240_000, 500_000, 900_000, 900_000, 900_000, 900_000), ""},
		{"without jitter", firstRetries(1000, 1001, 1000, 999, 1002), "retry-without-jitter×5[2 4 6 8 10]"},
		{"with jitter", firstRetries(1000, 1201, 900, 1099, 950), ""},
		{"four without jitter", firstRetries(1000, 1000, 1000, 1000), ""},
		{"sent side by side", []journal.Entry{request(0, body("a"), status(500), took(300)), request(100, body("a"), status(500), took(300)), request(1000, body("a"))}, ""},
		{"before a Retry-After that is a date", []journal.Entry{request(0, body("a"), status(503), retryAfter(begin.Add(3*time.Second).Format(http.TimeFormat))), request(2000, body("a"))}, "retry-before-retry-after×1[2]"},
		{"after a Retry-After that is a date", []journal.Entry{request(0, body("a"), status(503), retryAfter(begin.Add(3*time.Second).Format(http.TimeFormat))), request(3100, body("a"))}, ""},

		{"asked again", []journal.Entry{request(0, user("u")), request(5000, user("u"))}, "id-not-kept×1[2]"},
		{"asked again as it was lost", []journal.Entry{request(0, user("u"), ended(journal.Dropped)), request(5000, user("u"))}, ""},
		{"asked again after a failure", []journal.Entry{request(0, user("u"), status(500)), request(5000, user("u"))}, ""},
		{"another manufacturer's user", []journal.Entry{request(0, user("u")), request(5000, user("u"), func(e *journal.Entry) { e.Manufacturer = "globex" })}, ""},

		{"a connection each", many(10, ownConnection), "connection-churn×10[]"},
		{"a connection each, of few", many(9, ownConnection), ""},
		{"half on connections of their own", many(10, func(i int) []change { return []change{on(1 + max(0, i-4))} }), ""},
		{"two on each", many(10, func(i int) []change { return []change{on(1 + i/2)} }), ""},

		{"another path", []journal.Entry{request(0, status(404), func(e *journal.Entry) { e.Operation = "" }), request(1, status(404), func(e *journal.Entry) { e.Operation = "" })}, ""},
		{"the first five of seven", many(7, func(int) []change { return []change{elsewhere("body")} }), "key-in-wrong-place×7[1 2 3 4 5]"},
	} {
		if got := mistakes(drawn(time.Hour, true, x.entries...)); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
}

// An example says what went wrong.
func TestDetails(t *testing.T) {
	for _, x := range []struct {
		entry journal.Entry
		want  string
	}{
		{request(0, status(401), elsewhere("query")), "a key in the query"},
		{request(0, status(401), elsewhere("authorization")), "a key in the header authorization"},
		{request(0, status(503)), "the response was 503"},
		{request(0, ended(journal.Dropped)), "the response was lost or cut short"},
		{request(0, took(5000), ended(journal.GaveUp)), "the client left before the response was complete"},
	} {
		made := drawn(time.Hour, true, x.entry).In(scorecard.Made)
		if len(made) != 1 || made[0].Examples[0].Detail != x.want {
			t.Errorf("%+v, want %q", made, x.want)
		}
	}
}

// A retry may take its time, until it cannot come any more.
func TestRetryThatIsStillToCome(t *testing.T) {
	failed := request(0, body("a"), status(500))
	patient := request(0, body("a"), status(503), retryAfter("60"))
	for _, x := range []struct {
		entry journal.Entry
		now   time.Duration
		over  bool
		times bool
	}{
		{failed, 5 * time.Second, false, false},
		{failed, 5 * time.Second, true, true},
		{failed, 11 * time.Second, false, true},
		{patient, 11 * time.Second, false, false},
		{patient, 121 * time.Second, false, true},
	} {
		card := drawn(x.now, x.over, x.entry)
		if got := mistakes(card); (got != "") != x.times {
			t.Errorf("%d after %s, over %v: %q", x.entry.Response.Status, x.now, x.over, got)
		}
		// Until it is decided, the card says so, and until when.
		if pending := card.In(scorecard.Pending); (len(pending) == 1) == x.times || (card.DecidedAt == nil) != x.times {
			t.Errorf("%d after %s, over %v: pending %+v until %v", x.entry.Response.Status, x.now, x.over, pending, card.DecidedAt)
		}
	}
}

// Each format tells what is pending, which is neither made nor avoided.
func TestPendingIsWritten(t *testing.T) {
	card := drawn(time.Second, false, request(0, body("a"), status(500)), request(1, body("b"), status(400)), request(2, body("c"), status(400)))
	for format, want := range map[string]string{
		"text": "Pending, decided at 12:00:10 UTC: 2\n  retry-of-400, 2 times\n  no-retry-of-500, once\n", "json": `"pending": 2`,
		"junit": `<skipped message="pending 2 times: decided at 12:00:10 UTC">`,
	} {
		var b strings.Builder
		if err := card.Write(&b, format); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%s: %v\n%s", format, err, b.String())
		}
	}
}

func TestResponses(t *testing.T) {
	card := drawn(0, true, request(0), request(1), request(2, status(400)), request(3, status(418)), request(4, func(e *journal.Entry) { e.Operation = "another" }), request(5, ended(journal.Dropped), status(0)))
	want := []scorecard.Response{{Operation: operation, Status: "201", Times: 2, Required: true}, {Operation: operation, Status: "400", Times: 1, Required: false}, {Operation: operation, Status: "500", Times: 0, Required: true}}
	if !slices.Equal(card.Responses, want) || card.Requests != 6 || card.Connections != 1 {
		t.Errorf("%+v", card)
	}
	if card.Met() || len(card.Unmet()) != 1 || card.Unmet()[0].Status != "500" {
		t.Errorf("unmet: %+v", card.Unmet())
	}
	if met := drawn(0, true, request(0), request(1, status(500))); !met.Met() {
		t.Errorf("unmet: %+v", met.Unmet())
	}
}

// The cards of several manufacturers are added up.
func TestDrawOfMany(t *testing.T) {
	trackers := []*scorecard.Tracker{scorecard.New(0), scorecard.New(0)}
	for i, id := range []int64{7, 3} {
		e := request(0, elsewhere("query"))
		e.ID = id
		trackers[i].Observe(&e)
	}
	card := scorecard.Draw(trackers, []scorecard.Response{{Operation: operation, Status: "201"}}, nil, begin, true)
	if card.Requests != 2 || card.Responses[0].Times != 2 || mistakes(card) != "key-in-wrong-place×2[3 7]" || !card.Met() {
		t.Errorf("%+v", card)
	}
}

func TestWrite(t *testing.T) {
	card := drawn(0, true, request(0, status(400), rule("media-type")))
	for format, wants := range map[string][]string{
		"text":  {"Scorecard: 1 request on 1 connection\n", "400  createThing  once", "500  createThing  NOT MET, and required", "Mistakes made: 1", "wrong-media-type, once: ", "exchange 1, 12:00:00.000 UTC, user \"user-0\": sent as \"application/json\"", "fix: send Content-Type: application/json", "Mistakes avoided: ", "Not seen, as the client had no chance to make them: ", "needs a 401: user_id nox-mock:401"},
		"json":  {`"requests": 1`, `"name": "wrong-media-type"`, `"state": "made"`, `"state": "not-seen"`, `"link": "/#exchange=1"`, `"examples": []`},
		"junit": {`failures="3"`, `name="500"`, "required, and not met", "exchange 1, 12:00:00.000 UTC", "not seen: needs a 401"},
	} {
		var b bytes.Buffer
		if err := card.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s lacks %q:\n%s", format, want, b.String())
			}
		}
		if format == "json" && !json.Valid(b.Bytes()) || format == "junit" && xml.Unmarshal(b.Bytes(), new(struct{})) != nil {
			t.Errorf("%s is not well formed", format)
		}
	}
	var b bytes.Buffer
	if err := card.Write(&b, "yaml"); err == nil || !strings.Contains(err.Error(), "choose text, json, junit") {
		t.Errorf("%v", err)
	}
	if err := drawn(0, true).Write(&b, "text"); err != nil || !strings.Contains(b.String(), "no request reached the mock, so nothing is known about the client") {
		t.Errorf("%v %s", err, b.String())
	}
}

// A request that the client left counts as no answer, and it may be known to
// have ended only after the next try.
func TestLeftAndTriedAgain(t *testing.T) {
	left := request(0, user("u"), ended(journal.GaveUp))
	again := request(500, user("u"))
	left.ID, again.ID = 1, 2
	for _, order := range [][]journal.Entry{{left, again}, {again, left}} {
		tracker := scorecard.New(0)
		for i := range order {
			tracker.Observe(&order[i])
		}
		card := scorecard.Draw([]*scorecard.Tracker{tracker}, []scorecard.Response{{Operation: operation, Status: "201"}}, nil, begin, true)
		if got := mistakes(card); !strings.HasPrefix(got, "gave-up-early×1[1]") || strings.Contains(got, "id-not-kept") || strings.Contains(got, "no-retry") || card.Responses[0].Times != 1 {
			t.Errorf("%s, %+v", got, card.Responses)
		}
	}
}

// What a client had no occasion to do wrong is not seen, which is no pass.
func TestNothingSeenIsNoPass(t *testing.T) {
	for _, m := range drawn(time.Hour, true).Mistakes {
		if m.State != scorecard.NotSeen || m.Occasion == "" {
			t.Errorf("%s: %s, needs %q", m.Name, m.State, m.Occasion)
		}
	}
}

// Each mistake that can be made can be avoided, which is told from never having
// had the occasion.
func TestAvoided(t *testing.T) {
	var all []journal.Entry
	add := func(entries ...journal.Entry) { all = append(all, entries...) }
	add(request(0), request(1, status(500), body("asked"), func(e *journal.Entry) { e.Asked = true }), request(5000, body("asked")))
	add(request(10_000, body("slow"), took(2000)))
	add(request(20_000, body("left"), took(5000), ended(journal.GaveUp)), request(26_000, body("left")))
	add(request(30_000, body("bad"), status(400)))
	add(request(31_000, body("who"), status(401)))
	add(request(40_000, body("busy"), status(503), retryAfter("2")), request(43_000, body("busy")))
	for i, wait := range []int{200, 260, 230, 300, 210} {
		name := fmt.Sprint("passes ", i)
		add(request(50_000+1000*i, body(name), status(500)), request(50_000+1000*i+wait, body(name)))
	}
	for _, at := range []int{0, 210, 700, 1600} {
		add(request(60_000+at, body("lasts"), status(500)))
	}
	for _, m := range drawn(time.Hour, true, all...).Mistakes {
		if m.State != scorecard.Avoided || m.Times != 0 {
			t.Errorf("%s: %s, %+v", m.Name, m.State, m.Examples)
		}
	}
}

// An example leads to the exchange.
func TestExamples(t *testing.T) {
	card := drawn(time.Hour, true, request(0, user("u"), status(500), took(10)), request(53, user("u")))
	made := card.In(scorecard.Made)
	if len(made) != 1 || len(made[0].Examples) != 1 {
		t.Fatalf("%+v", made)
	}
	x := made[0].Examples[0]
	if x.Entry != 2 || *x.UserID != "u" || !x.Time.Equal(begin.Add(53*time.Millisecond)) || x.Link != "/#exchange=2" || x.Detail != "43ms after the 500 of exchange 1" {
		t.Errorf("%+v", x)
	}
	if lines := strings.Count(made[0].Advice, "\n"); lines > 1 {
		t.Errorf("advice of %d lines", lines+1)
	}
}

// The patience is the mock's to choose.
func TestPatience(t *testing.T) {
	tracker := scorecard.New(time.Second)
	e := request(0, took(1001))
	tracker.Observe(&e)
	card := scorecard.Draw([]*scorecard.Tracker{tracker}, nil, nil, begin, true)
	if got := mistakes(card); got != "no-timeout×1[0]" {
		t.Error(got)
	}
}
