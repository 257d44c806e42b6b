package documents_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/go-yaml"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
	"nox.energy/contract/spec"
)

const folder = "../../../testdata/contracts/features"

// feature is what a document of the folder says of itself, in x-feature.
type feature struct {
	About         string            `yaml:"about"`
	Refused       string            `yaml:"refused"` // why it does not load
	Valid         string            `yaml:"valid"`   // a request that a sound server takes: "GET /v1/thing"
	Body          *string           `yaml:"body"`    // its body
	Headers       map[string]string `yaml:"headers"` // its headers
	Invalid       *string           `yaml:"invalid"` // a body that it refuses
	InvalidTarget *string           `yaml:"invalid_target"`
	Returns       *string           `yaml:"returns"`  // the body of a response that breaks the contract
	Altered       [][2]string       `yaml:"altered"`  // a text of the document and another: a server that keeps this one is wrong
	Unjudged      *string           `yaml:"unjudged"` // why the runner judges nothing
	Key           *string           `yaml:"key"`
}

var ofFeature = regexp.MustCompile(`(?m)^x-feature:(\n  .*)+`)

func readFeature(t *testing.T, file string) (*feature, []byte) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var whole struct {
		Feature feature `yaml:"x-feature"`
	}
	if strings.HasSuffix(file, ".json") {
		_, part, _ := bytes.Cut(text, []byte(`"x-feature":`))
		err = yaml.Unmarshal(append([]byte(`{"x-feature":`), part...), &whole)
	} else { // the lines of it alone: not every document is one that a library reads
		err = yaml.Unmarshal(ofFeature.Find(text), &whole)
	}
	if err != nil || whole.Feature.About == "" {
		t.Fatalf("%s says nothing of itself: %v", file, err)
	}
	return &whole.Feature, text
}

// Each document is served right by the mock, which passes for a sound server with
// the runner; a server that answers with what the schema does not take, and one
// that takes what it does not, fail.
func TestFeatures(t *testing.T) {
	files, err := filepath.Glob(folder + "/*")
	if err != nil || len(files) < 80 {
		t.Fatalf("%d documents, %v", len(files), err)
	}
	for i, file := range files {
		if testing.Short() && i%12 != 0 {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), func(t *testing.T) {
			t.Parallel()
			f, text := readFeature(t, file)
			doc, err := spec.Parse(filepath.Base(file), text)
			if f.Refused != "" {
				var e *spec.Error
				if !errors.As(err, &e) || !strings.Contains(e.Reason, f.Refused) {
					t.Errorf("error %v, want %q", err, f.Refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			m, err := mock.New(mock.Config{Contract: doc})
			if err != nil {
				t.Fatal(err)
			}
			f.isServed(t, m)
			sound := f.judge(t, doc, m)
			if f.Unjudged != nil {
				if sound.Verdict != conformance.Inconclusive {
					t.Errorf("it is judged: %s, though %s", sound.Verdict, *f.Unjudged)
				}
				return
			}
			for _, c := range sound.Checks {
				aside := c.Outcome == conformance.Warn && c.Status == "http" // of what the document does not have
				if c.Outcome == conformance.Fail || c.Outcome == conformance.Err || aside {
					t.Errorf("a sound server: %s %s: %s; expected %s, got %s", c.Outcome, c.ID, c.Reason, c.Expected, c.Actual)
				}
			}
			if sound.Verdict != conformance.Conforms {
				t.Errorf("a sound server: %s (%s)", sound.Verdict, sound.Reason)
			}
			if f.Returns != nil {
				if r := f.judge(t, doc, returning(m, *f.Returns)); r.Verdict != conformance.Violates {
					t.Errorf("a server that answers %s: %s", *f.Returns, r.Verdict)
				}
			}
			for _, change := range f.Altered {
				head, rest, _ := bytes.Cut(text, []byte("\nopenapi:"))
				if !bytes.Contains(rest, []byte(change[0])) {
					t.Fatalf("the document has no %s", change[0])
				}
				other, err := spec.Parse("altered.yaml", slices.Concat(head, []byte("\nopenapi:"), bytes.Replace(rest, []byte(change[0]), []byte(change[1]), 1)))
				if err != nil {
					t.Fatal(err)
				}
				wrong, err := mock.New(mock.Config{Contract: other})
				if err != nil {
					t.Fatal(err)
				}
				if r := f.judge(t, doc, wrong); r.Verdict != conformance.Violates {
					t.Errorf("a server with %s instead of %s: %s", change[1], change[0], r.Verdict)
				}
			}
			if f.Invalid != nil || f.InvalidTarget != nil {
				if r := f.judge(t, doc, taking(m, f)); r.Verdict != conformance.Violates {
					t.Errorf("a server that takes everything: %s", r.Verdict)
				}
			}
		})
	}
}

func (f *feature) judge(t *testing.T, doc *spec.Document, h http.Handler) *conformance.Result {
	t.Helper()
	key := mock.DefaultManufacturers()[0].Keys[0]
	if f.Key != nil {
		key = *f.Key
	}
	return judgeWith(t, conformance.Config{Contract: doc, Keys: conformance.Keys{Key: key}, Skip: []string{"**/steady", "**/parallel*", "http/**"}}, h)
}

func judgeWith(t *testing.T, cfg conformance.Config, h http.Handler) *conformance.Result {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	cfg.Target, cfg.RunID, cfg.Seed = server.URL+cfg.Contract.BasePath(), "features", 1
	r, err := runner.New(cfg)
	if err != nil && cfg.Skip != nil {
		// A pattern that matches no check of this document is a mistake elsewhere.
		cfg.Skip = nil
		r, err = runner.New(cfg)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(t.Context())
}

func (f *feature) request(target string, body *string) *http.Request {
	method, path, _ := strings.Cut(target, " ")
	var content io.Reader
	if body != nil {
		content = strings.NewReader(*body)
	}
	r := httptest.NewRequest(method, path, content)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range f.Headers {
		r.Header.Set(name, value)
	}
	return r
}

func answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// isServed asks the mock itself.
func (f *feature) isServed(t *testing.T, m *mock.Mock) {
	t.Helper()
	if w := answer(m, f.request(f.Valid, f.Body)); w.Code >= 300 {
		t.Errorf("the mock answers %s with %d: %s", f.Valid, w.Code, w.Body)
	}
	if f.Invalid != nil {
		if w := answer(m, f.request(f.Valid, f.Invalid)); w.Code != 400 {
			t.Errorf("the mock answers %s with %d: %s", *f.Invalid, w.Code, w.Body)
		}
	}
	if f.InvalidTarget != nil {
		if w := answer(m, f.request(*f.InvalidTarget, nil)); w.Code != 400 {
			t.Errorf("the mock answers %s with %d: %s", *f.InvalidTarget, w.Code, w.Body)
		}
	}
}

// returning is a server whose successes have this body.
func returning(sound http.Handler, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answer(sound, r)
		if a.Code < 300 && a.Body.Len() > 0 {
			a.Body.Reset()
			a.Body.WriteString(body)
			a.Header().Del("Content-Length")
		}
		pass(w, a)
	})
}

// taking is a server that never says that a request is invalid.
func taking(sound http.Handler, f *feature) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := answer(sound, r)
		if a.Code == http.StatusBadRequest {
			a = answer(sound, f.request(f.Valid, f.Body))
		}
		pass(w, a)
	})
}

func pass(w http.ResponseWriter, a *httptest.ResponseRecorder) {
	for name, values := range a.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(a.Code)
	w.Write(a.Body.Bytes())
}
