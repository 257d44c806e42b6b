package control

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	guessBurst  = 100                    // wrong tokens that an address may send at once
	guessEvery  = 100 * time.Millisecond // after which it may send another one
	maxGuessers = 4096                   // addresses that are remembered
)

// guesses slows the guessing of the token. Who has sent too many wrong ones is
// not told whether the next one is right, so that trying more at a time does not
// help. Others are not affected.
type guesses struct {
	mu  sync.Mutex
	all map[netip.Prefix]*rate.Limiter
}

// admit reports whether a request is answered: not where too many wrong tokens
// came from its address. wrong counts another one.
func (g *guesses) admit(r *http.Request, wrong bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	who := guesser(r)
	limiter := g.all[who]
	if limiter == nil && wrong {
		if g.all == nil || len(g.all) >= maxGuessers {
			g.all = map[netip.Prefix]*rate.Limiter{}
		}
		limiter = rate.NewLimiter(rate.Every(guessEvery), guessBurst)
		g.all[who] = limiter
	}
	if limiter == nil {
		return true
	}
	if wrong {
		return limiter.Allow()
	}
	return limiter.Tokens() >= 1
}

// guesser is whom an address belongs to: of IPv6, whoever has one has 2⁶⁴.
func guesser(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if address = address.Unmap(); address.Is6() {
		bits = 64
	}
	prefix, err := address.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
