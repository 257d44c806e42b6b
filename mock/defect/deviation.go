package defect

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"

	"github.com/agnivade/levenshtein"
)

// A Deviation is one deliberate difference from the sound server.
//
// The defects are listed by subject in defects_*.go, the variations in
// variations_*.go.
type Deviation struct {
	// Name is unique, in words with dashes: "echo-lower-cased".
	Name string
	// Summary says in one sentence what the server does.
	Summary string
	// Level is the level of the check that catches a defect, "must", "should"
	// or "may". It is empty for a variation.
	Level string
	// Caught is the id of the check meant for a defect, without the
	// operation: "201/echo-case". It is empty for a variation.
	Caught string

	mechanism mechanism
	wire      func(net.Conn) net.Conn // nil for nearly all: nothing is changed below HTTP
	secure    func(*tls.Config)       // nil for nearly all: TLS has nothing to do with it
	plainToo  bool                    // plain HTTP is served on the port of TLS
}

// Wrap returns a handler that answers as next does, but for the deviation.
// The handler keeps state of its own, fresh at each call, and is safe for
// concurrent use. next must be sound: it serves the contract's operation and
// answers other paths and methods with 404 and 405.
//
// The deviations about keys that are not enabled must be told which those are
// (see [WithNotEnabled]); otherwise they change nothing.
func (d Deviation) Wrap(next http.Handler) http.Handler {
	m := newMemory()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := newExchange(w, r, next, m)
		d.mechanism(x)
		x.finish()
	})
}

// Listen returns a listener for the server of the wrapped handler. It is l
// itself, except for the few deviations that show only in the bytes that
// net/http takes apart before a handler is called. Those need both Wrap and
// Listen.
func (d Deviation) Listen(l net.Listener) net.Listener {
	if d.wire == nil {
		return l
	}
	return wrapping{l, d.wire}
}

// WithNotEnabled returns next, together with the keys of manufacturers that are
// known but not enabled, to be wrapped by a deviation. Nothing in HTTP shows
// which those are, as the contract answers 401 to every key that it refuses.
func WithNotEnabled(next http.Handler, keys ...string) http.Handler {
	return informed{next, keys}
}

type informed struct {
	http.Handler
	notEnabled []string
}

// Defects returns every defect, ordered by the status whose checks catch it.
func Defects() []Deviation {
	return slices.Concat(
		everyResponseDefects(), answerDefects(),
		createdDefects(), echoDefects(), identityDefects(), sharedDefects(), knownDefects(), requestDefects(), clientDefects(), formDefects(), elsewhereDefects(), shapeDefects(), characterDefects(), sizeDefects(),
		validationDefects(), typeDefects(), bodyDefects(), jsonDefects(), malformedDefects(), robustnessDefects(),
		refusalDefects(), keyDefects(), entryDefects(), tenancyDefects(),
		provokedDefects(), overTimeDefects(),
		httpDefects(), tlsDefects(),
	)
}

// Variations returns every variation.
func Variations() []Deviation {
	return slices.Concat(
		wordingVariations(), jsonVariations(), idVariations(),
		headerVariations(), strictVariations(), transportVariations(), otherRequestVariations(), productionVariations(),
		tlsVariations(),
	)
}

// Find returns the defect or variation of that name. The error for an unknown
// name says which is nearest.
func Find(name string) (Deviation, error) {
	all := append(Defects(), Variations()...)
	if i := slices.IndexFunc(all, func(d Deviation) bool { return d.Name == name }); i >= 0 {
		return all[i], nil
	}
	distance := func(d Deviation) int { return levenshtein.ComputeDistance(name, d.Name) }
	nearest := slices.MinFunc(all, func(a, b Deviation) int { return distance(a) - distance(b) })
	if distance(nearest) > max(2, len(name)/3) { // which is not meant
		return Deviation{}, fmt.Errorf("no defect or variation is named %q", name)
	}
	return Deviation{}, fmt.Errorf("no defect or variation is named %q; the nearest is %q", name, nearest.Name)
}

// must, should and may are rows of a table of defects: by the level of the
// check that catches it, then its id.
func must(name, caught, summary string, m mechanism) Deviation {
	return Deviation{Name: name, Summary: summary, Level: "must", Caught: caught, mechanism: m}
}

func should(name, caught, summary string, m mechanism) Deviation {
	return Deviation{Name: name, Summary: summary, Level: "should", Caught: caught, mechanism: m}
}

func may(name, caught, summary string, m mechanism) Deviation {
	return Deviation{Name: name, Summary: summary, Level: "may", Caught: caught, mechanism: m}
}

// legal is a row of a table of variations.
func legal(name, summary string, m mechanism) Deviation {
	return Deviation{Name: name, Summary: summary, mechanism: m}
}
