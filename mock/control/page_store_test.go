package control_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// storeApart is a store in another process, which can be away.
type storeApart struct {
	store.Store
	away atomic.Bool
}

func (s *storeApart) unavailable() error {
	if s.away.Load() {
		return store.ErrUnavailable
	}
	return nil
}

func (s *storeApart) Connect(ctx context.Context, manufacturer, userID, noxUserID string, at time.Time) (store.Connection, bool, error) {
	if err := s.unavailable(); err != nil {
		return store.Connection{}, false, err
	}
	return s.Store.Connect(ctx, manufacturer, userID, noxUserID, at)
}

func (s *storeApart) List(ctx context.Context, manufacturer, search, cursor string, limit int) ([]store.Connection, string, error) {
	if err := s.unavailable(); err != nil {
		return nil, "", err
	}
	return s.Store.List(ctx, manufacturer, search, cursor, limit)
}

func (s *storeApart) Count(ctx context.Context, manufacturer string) (int, error) {
	if err := s.unavailable(); err != nil {
		return 0, err
	}
	return s.Store.Count(ctx, manufacturer)
}

func (s *storeApart) Manufacturers(ctx context.Context, known string) ([]store.Manufacturer, string, error) {
	if err := s.unavailable(); err != nil {
		return nil, "", err
	}
	return s.Store.Manufacturers(ctx, known)
}

// While the store is away, the page says so and works all the same, also where it
// is opened then; it notices by itself that the store is back.
func TestPageWhileTheStoreIsAway(t *testing.T) {
	kept := &storeApart{Store: store.NewMemory()}
	s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Store: kept}))
	url := clienttest.Control(t, s, control.Config{BaseURL: s.URL})
	send := func(userID string) {
		t.Helper()
		clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s), strings.NewReader(`{"user_id":"`+userID+`"}`))
	}
	p := openBrowser(t).open(t, url+"/", 1280, 800)
	p.until(live)
	send("before")
	p.until(`document.querySelectorAll("#exchanges tr").length === 1`)

	const (
		said = `!document.querySelector("#problem").hidden && document.querySelector("#problem").innerText.includes("The store is not available. Until")`
		gone = `document.querySelector("#problem").hidden`
		// How often it is not said, while everything that refreshes itself does.
		unsaid = `new Promise((done) => { let looked = 0, hidden = 0; const timer = setInterval(() => {
			hidden += document.querySelector("#problem").hidden;
			if (++looked === 20) { clearInterval(timer); done(hidden); }
		}, 100) })`
	)
	for _, opened := range []string{"before", "while it is away"} {
		kept.away.Store(true)
		send("refused")
		if opened != "before" {
			p.do("Page.navigate", map[string]any{"url": url + "/"})
		}
		p.until(live + ` && ` + said)
		p.until(`document.querySelector("#exchanges tr").innerText.includes("500")`)
		p.eval(fmt.Sprintf(`location.hash = "exchange=%d"`, clienttest.Latest(s).ID))
		p.until(`document.querySelector("#detail").innerText.includes("the store is not available")`)

		// What needs no store works: a fault is set and acts, the scorecard counts.
		p.eval(`location.hash = "faults"`)
		p.until(`document.querySelector("#set-fault select[name=manufacturer]").value === "acme"`)
		p.click("#set-fault .primary")
		p.until(`document.querySelector("#fault-message").innerText.includes("is in force for acme")`)
		p.until(`document.querySelectorAll("#fault-rows tr").length === 1`)
		p.click("#clear-faults")
		p.until(`document.querySelectorAll("#fault-rows tr").length === 0`)
		p.eval(`location.hash = "scorecard"`)
		p.until(`document.querySelector("#scorecard").innerText.includes("no-retry-of-500")`)
		p.eval(`location.hash = "try"`)
		p.click("#try-form .primary")
		p.until(`document.querySelector("#tried").innerText.includes("500 Internal Server Error")`)
		p.eval(`location.hash = "connections"`)
		send("refused too")
		if n := p.eval(unsaid); n != "0" {
			t.Errorf("opened %s: the page says that the store is back", opened)
		}

		kept.away.Store(false)
		p.until(gone)
		p.until(`document.querySelector("#connection-rows").innerText.includes("before")`)
		p.eval(`location.hash = "manufacturers"`)
		p.until(`document.querySelectorAll("#manufacturer-rows tr").length === 3`)
		p.eval(`location.hash = "traffic"`)
	}
	if problems := slices.DeleteFunc(p.troubles(), func(problem string) bool { return strings.Contains(problem, "503") }); len(problems) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(problems, "\n"))
	}
}
