package runner_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/store"
)

// runIDs are ids of every kind: digits only, letters of one case, short, long.
func runIDs(n int) []string {
	ids := []string{"0", "z", "Z", "12345678", "00000000", "abcdef", "ABCDEF", "aB3", "0123456789abcdef", "1e5", "true", "null"}
	random := rand.New(rand.NewPCG(3, 4))
	for len(ids) < n {
		ids = append(ids, fmt.Sprintf("%08x", random.Uint32()))
	}
	return ids[:n]
}

// keyPairs are keys that are hard to come near to: short, of one kind of
// character, without letters, alike.
func keyPairs() [][2]string {
	return [][2]string{
		{"acme-test-key-5c1d0a", "globex-test-key-e83b27"},
		{"a", "b"}, {"ab", "ba"}, {"aaaa", "aaab"}, {"1111", "1112"}, {"-_-", "_-_"},
		{"123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174001"},
		{"KEY", "key"}, {"true", "0"},
	}
}

// verdicts is what came of each check, in a form to compare.
func verdicts(r *conformance.Result) string {
	var b strings.Builder
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "%s %s\n", c.Outcome, c.ID)
	}
	return b.String()
}

// difference is the lines in which two lists of verdicts differ.
func difference(a, b string) string {
	var out []string
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			out = append(out, x[i]+" | "+y[i])
		}
	}
	return strings.Join(out, "\n")
}

// The verdict on each check is the same whatever the run id and the seed are.
func TestOneVerdictForEveryRunID(t *testing.T) {
	t.Parallel()
	n := 20
	if testing.Short() {
		n = 2
	}
	for _, c := range []struct{ defect, run string }{
		{"", "**"},
		{"echo-lower-cased", "201/echo-*"}, {"echo-upper-cased", "201/echo-*"}, {"id-folds-case", "201/create-*"},
		{"key-half", "401/*key*"}, {"key-without-start", "401/*key*"}, {"key-length-only", "401/*key*"},
	} {
		t.Run("defect "+c.defect, func(t *testing.T) {
			t.Parallel()
			cfg := configFor(mocktest.NewServer(t))
			if c.defect != "" {
				d, err := defect.Find(c.defect)
				if err != nil {
					t.Fatal(err)
				}
				cfg = configFor(around(t, d.Wrap))
			}
			cfg.Run = []string{c.run}
			first := ""
			for i, id := range runIDs(n) {
				cfg.RunID, cfg.Seed = id, int64(i+1)
				if got := verdicts(judge(t, cfg)); first == "" {
					first = got
				} else if got != first {
					t.Errorf("run id %s, seed %d:\n%s", id, i+1, difference(first, got))
				}
			}
		})
	}
}

// A sound target passes whatever the keys are.
func TestSoundWhateverTheKeys(t *testing.T) {
	t.Parallel()
	n := 20
	if testing.Short() {
		n = 3
	}
	for _, keys := range keyPairs() {
		t.Run(keys[0], func(t *testing.T) {
			t.Parallel()
			s := mocktest.NewServer(t, mocktest.WithConfig(mock.Config{Manufacturers: []store.Manufacturer{
				{Name: "one", Keys: []string{keys[0]}, Enabled: true}, {Name: "two", Keys: []string{keys[1]}, Enabled: true},
			}}))
			cfg := configFor(s)
			cfg.Run = []string{"401/**", "201/tenants"}
			for seed := range int64(n) {
				cfg.Seed = seed + 1
				conforms(t, judge(t, cfg))
			}
		})
	}
}
