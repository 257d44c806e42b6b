package runner_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// The tokens of the suppliers that the register knows.
const (
	supplierToken      = "tok-5f2b8c1d9e7a4063"
	otherSupplierToken = "tok-c3d94e01ab527f88"
)

// register is a server of testdata/contracts/second.yaml, written by hand and
// without an OpenAPI library. Its exported-looking fields are where a defect or
// a variation takes hold; the zero value keeps the contract.
type register struct {
	// rules are what a registration must keep; nil: those of the contract.
	rules []rule
	// query are what the query of a read must keep.
	query []queryRule
	// accepts reports whether a token is good, given the values of its header.
	accepts func(values []string) bool
	// spoil changes the n-th answer of the register before it is written.
	spoil func(r *http.Request, a *reply, n int)
	// write sends a response; nil: as net/http does.
	write func(w http.ResponseWriter, a *reply)

	mu      sync.Mutex
	answers int
	tariffs map[string]tariff
}

// reply is one response of the register.
type reply struct {
	status int
	header http.Header
	body   []byte
}

type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
}

type tariff struct {
	ID         string  `json:"tariff_id"`
	Status     string  `json:"status"`
	Revision   int     `json:"revision"`
	Registered string  `json:"registered_at"`
	Code       string  `json:"code"`
	Name       string  `json:"name"`
	Kind       string  `json:"kind"`
	Currency   string  `json:"currency"`
	BaseFee    int64   `json:"base_fee"`
	ValidUntil *string `json:"valid_until"`
}

// rule is one demand of the contract on a registration.
type rule struct {
	name  string
	keeps func(body map[string]any) bool
}

// queryRule is one demand of the contract on the query of a read. The value is
// "" where the parameter is absent.
type queryRule struct {
	parameter string
	keeps     func(value string, present bool) bool
}

func newRegister() *register {
	return &register{
		rules: tariffRules(), query: readRules(),
		accepts: func(values []string) bool {
			return len(values) == 1 && (values[0] == supplierToken || values[0] == otherSupplierToken)
		},
		tariffs: map[string]tariff{"trf-000001": {
			ID: "trf-000001", Status: "registered", Revision: 1, Registered: "2026-01-02T03:04:05Z",
			Code: "NL-0001", Name: "Plain", Kind: "fixed", Currency: "EUR", BaseFee: 495,
		}},
	}
}

func (s *register) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := s.answer(r)
	s.mu.Lock()
	s.answers++
	n := s.answers
	s.mu.Unlock()
	if s.spoil != nil {
		s.spoil(r, a, n)
	}
	if s.write != nil {
		s.write(w, a)
		return
	}
	writeReply(w, a)
}

func writeReply(w http.ResponseWriter, a *reply) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client may have gone
}

func answerJSON(status int, v any) *reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return &reply{status, http.Header{"Content-Type": {"application/json"}}, body}
}

func refusal(status int, code, field string) *reply {
	return answerJSON(status, problem{code, "the request is refused: " + strings.ReplaceAll(code, "_", " "), field})
}

func (s *register) answer(r *http.Request) *reply {
	id, isRead := strings.CutPrefix(r.URL.Path, "/v1/tariffs/")
	allowed := http.MethodPost
	switch {
	case isRead && !strings.Contains(id, "/"):
		allowed = http.MethodGet
	case r.URL.Path != "/v1/tariffs":
		return refusal(http.StatusNotFound, "no_such_path", "")
	}
	if r.Method != allowed {
		a := refusal(http.StatusMethodNotAllowed, "method_not_allowed", "")
		a.header.Set("Allow", allowed)
		return a
	}
	if !s.accepts(r.Header["X-Supplier-Token"]) {
		a := refusal(http.StatusUnauthorized, "unauthorized", "")
		a.header.Set("WWW-Authenticate", "SupplierToken")
		return a
	}
	if isRead {
		return s.read(r, id)
	}
	return s.register(r)
}

func (s *register) read(r *http.Request, id string) *reply {
	if !regexp.MustCompile(`^trf-[0-9]{6}$`).MatchString(id) {
		return refusal(http.StatusBadRequest, "invalid", "tariff_id")
	}
	query := r.URL.Query()
	for _, rule := range s.query {
		if !rule.keeps(query.Get(rule.parameter), query.Has(rule.parameter)) {
			return refusal(http.StatusBadRequest, "invalid", rule.parameter)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.tariffs[id]
	if !ok {
		return refusal(http.StatusNotFound, "no_such_tariff", "")
	}
	return answerJSON(http.StatusOK, found)
}

func (s *register) register(r *http.Request) *reply {
	body, err := strictBody(r)
	if err != nil {
		return refusal(http.StatusBadRequest, "not_readable", "")
	}
	for _, rule := range s.rules {
		if !rule.keeps(body) {
			return refusal(http.StatusBadRequest, "invalid", rule.name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	added := tariff{
		ID: fmt.Sprintf("trf-%06d", len(s.tariffs)+1), Status: "registered", Revision: len(s.tariffs),
		Registered: "2026-03-01T12:00:00Z", Currency: "EUR",
		Code: textOf(body["code"]), Name: textOf(body["name"]), Kind: textOf(body["kind"]),
	}
	if currency, ok := body["currency"].(string); ok {
		added.Currency = currency
	}
	if until, ok := body["valid_until"].(string); ok {
		added.ValidUntil = &until
	}
	if fee, ok := exact(body["base_fee"]); ok {
		added.BaseFee = fee.Num().Int64()
	}
	s.tariffs[added.ID] = added
	a := answerJSON(http.StatusCreated, added)
	a.header.Set("X-Revision", strconv.Itoa(added.Revision))
	return a
}

func textOf(v any) string {
	text, _ := v.(string)
	return text
}

// strictBody reads a request body that must be one JSON object.
func strictBody(r *http.Request) (map[string]any, error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, errors.New("the media type is not application/json")
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > 1<<20:
		return nil, errors.New("the body is too large")
	case !utf8.Valid(text):
		return nil, errors.New("the body is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var body map[string]any
	if err := decoder.Decode(&body); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind the object")
	}
	if body == nil {
		return nil, errors.New("the body is null")
	}
	return body, nil
}

// tariffRules are what second.yaml demands of a registration, one by one. Each
// rule lets pass what another one is there to refuse.
func tariffRules() []rule {
	rules := []rule{
		{"extra", func(b map[string]any) bool {
			for name := range b {
				if !slices.Contains(tariffProperties, name) {
					return false
				}
			}
			return true
		}},
		matching("code", regexp.MustCompile(`^[A-Z]{2}-[0-9]{4}$`)),
		text("name", "length", func(v string) bool { return utf8.RuneCountInString(v) >= 3 && utf8.RuneCountInString(v) <= 40 }),
		oneOfTexts("kind", "fixed", "variable", "time_of_use"),
		oneOfTexts("currency", "EUR", "CHF", "DKK"),
		numeric("price", "range", func(v *big.Rat) bool { return v.Sign() > 0 && v.Cmp(big.NewRat(5, 1)) <= 0 }),
		numeric("base_fee", "integer", (*big.Rat).IsInt),
		numeric("base_fee", "range", between(0, 99999)),
		numeric("step_watts", "integer", (*big.Rat).IsInt),
		numeric("step_watts", "range", between(250, 22000)),
		numeric("step_watts", "multiple", multipleOf(big.NewRat(250, 1))),
		ofType("renewable", func(v any) bool { _, ok := v.(bool); return ok }),
		text("terms_url", "length", func(v string) bool { return utf8.RuneCountInString(v) <= 200 }),
		text("terms_url", "format", func(v string) bool { return regexp.MustCompile(`^[a-z][a-z0-9+.-]*:\S+$`).MatchString(v) }),
		{"valid_until-type", func(b map[string]any) bool {
			v, has := b["valid_until"]
			_, isText := v.(string)
			return !has || v == nil || isText
		}},
		{"valid_until-format", func(b map[string]any) bool {
			v, isText := b["valid_until"].(string)
			return !isText || isDate(v)
		}},
		list("regions", "items", func(v []any) bool { return len(v) >= 1 && len(v) <= 3 }),
		list("regions", "unique", distinct),
		list("regions", "enum", func(v []any) bool {
			return !slices.ContainsFunc(v, func(item any) bool {
				return !slices.Contains([]any{"north", "east", "south", "west", "centre"}, item)
			})
		}),
		list("bands", "items", func(v []any) bool { return len(v) <= 4 }),
		ofType("contact", func(v any) bool { _, ok := v.(map[string]any); return ok }),
	}
	for _, name := range []string{"code", "name", "kind", "currency", "terms_url"} {
		rules = append(rules, ofType(name, func(v any) bool { _, ok := v.(string); return ok }))
	}
	for _, name := range []string{"price", "base_fee", "step_watts"} {
		rules = append(rules, ofType(name, func(v any) bool { _, ok := v.(json.Number); return ok }))
	}
	for _, name := range []string{"regions", "bands"} {
		rules = append(rules, ofType(name, func(v any) bool { _, ok := v.([]any); return ok }))
	}
	for _, name := range []string{"code", "name", "kind", "price", "base_fee", "terms_url", "regions", "contact"} {
		rules = append(rules, rule{name + "-required", func(b map[string]any) bool { _, ok := b[name]; return ok }})
	}
	return slices.Concat(rules, contactRules(), bandRules())
}

var tariffProperties = []string{
	"code", "name", "kind", "currency", "price", "base_fee", "step_watts", "renewable",
	"terms_url", "valid_until", "regions", "bands", "contact",
}

func contactRules() []rule {
	within := func(name string, keeps func(contact map[string]any) bool) rule {
		return rule{"contact." + name, func(b map[string]any) bool {
			contact, ok := b["contact"].(map[string]any)
			return !ok || keeps(contact)
		}}
	}
	isText := func(name string) func(map[string]any) bool {
		return func(contact map[string]any) bool {
			v, has := contact[name]
			_, ok := v.(string)
			return !has || ok
		}
	}
	return []rule{
		within("email-required", func(c map[string]any) bool { _, ok := c["email"]; return ok }),
		within("email-type", isText("email")),
		within("email-format", func(c map[string]any) bool {
			v, ok := c["email"].(string)
			return !ok || regexp.MustCompile(`^[^@\s]+@[^@\s]+$`).MatchString(v)
		}),
		within("phone-type", isText("phone")),
		within("phone-pattern", func(c map[string]any) bool {
			v, ok := c["phone"].(string)
			return !ok || regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`).MatchString(v)
		}),
	}
}

func bandRules() []rule {
	each := func(name string, keeps func(band map[string]any) bool) rule {
		return rule{"bands." + name, func(b map[string]any) bool {
			bands, _ := b["bands"].([]any)
			for _, item := range bands {
				if band, ok := item.(map[string]any); ok && !keeps(band) {
					return false
				}
			}
			return true
		}}
	}
	number := func(name string, keeps func(v *big.Rat) bool) func(map[string]any) bool {
		return func(band map[string]any) bool {
			v, ok := exact(band[name])
			return !ok || keeps(v)
		}
	}
	out := []rule{
		{"bands.type", func(b map[string]any) bool {
			bands, _ := b["bands"].([]any)
			return !slices.ContainsFunc(bands, func(item any) bool { _, ok := item.(map[string]any); return !ok })
		}},
		each("from_hour-integer", number("from_hour", (*big.Rat).IsInt)),
		each("from_hour-range", number("from_hour", between(0, 23))),
		each("factor-range", number("factor", func(v *big.Rat) bool { return v.Cmp(big.NewRat(1, 10)) >= 0 && v.Cmp(big.NewRat(99, 10)) <= 0 })),
		each("factor-multiple", number("factor", multipleOf(big.NewRat(1, 10)))),
	}
	for _, name := range []string{"from_hour", "factor"} {
		out = append(out,
			each(name+"-required", func(band map[string]any) bool { _, ok := band[name]; return ok }),
			each(name+"-type", func(band map[string]any) bool {
				v, has := band[name]
				_, ok := v.(json.Number)
				return !has || ok
			}))
	}
	return out
}

// readRules are what second.yaml demands of the query of a read.
func readRules() []queryRule {
	return []queryRule{
		{"currency", func(v string, present bool) bool {
			return present && slices.Contains([]string{"EUR", "CHF", "DKK"}, v)
		}},
		{"days", func(v string, present bool) bool {
			n, err := strconv.Atoi(v)
			return !present || err == nil && n >= 1 && n <= 31
		}},
		{"with_history", func(v string, present bool) bool { return !present || v == "true" || v == "false" }},
		{"regions", func(v string, present bool) bool {
			parts := strings.Split(v, ",")
			return !present || len(parts) <= 2 && !slices.ContainsFunc(parts, func(p string) bool {
				return !slices.Contains([]string{"north", "east", "south", "west"}, p)
			})
		}},
	}
}

// ofType demands a type of a property where it is present.
func ofType(property string, is func(v any) bool) rule {
	return rule{property + "-type", func(b map[string]any) bool {
		v, has := b[property]
		return !has || is(v)
	}}
}

func text(property, name string, keeps func(v string) bool) rule {
	return rule{property + "-" + name, func(b map[string]any) bool {
		v, ok := b[property].(string)
		return !ok || keeps(v)
	}}
}

func matching(property string, pattern *regexp.Regexp) rule {
	return text(property, "pattern", pattern.MatchString)
}

func oneOfTexts(property string, values ...string) rule {
	return text(property, "enum", func(v string) bool { return slices.Contains(values, v) })
}

func numeric(property, name string, keeps func(v *big.Rat) bool) rule {
	return rule{property + "-" + name, func(b map[string]any) bool {
		v, ok := exact(b[property])
		return !ok || keeps(v)
	}}
}

func list(property, name string, keeps func(v []any) bool) rule {
	return rule{property + "-" + name, func(b map[string]any) bool {
		v, ok := b[property].([]any)
		return !ok || keeps(v)
	}}
}

// exact reads a number digit by digit; ok is false for another type.
func exact(v any) (*big.Rat, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, false
	}
	return new(big.Rat).SetString(n.String())
}

func between(low, high int64) func(v *big.Rat) bool {
	return func(v *big.Rat) bool { return v.Cmp(big.NewRat(low, 1)) >= 0 && v.Cmp(big.NewRat(high, 1)) <= 0 }
}

func multipleOf(by *big.Rat) func(v *big.Rat) bool {
	return func(v *big.Rat) bool { return new(big.Rat).Quo(v, by).IsInt() }
}

func distinct(items []any) bool {
	seen := map[string]bool{}
	for _, item := range items {
		key, err := json.Marshal(item)
		if err != nil || seen[string(key)] {
			return false
		}
		seen[string(key)] = true
	}
	return true
}

func isDate(v string) bool {
	return regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`).MatchString(v) && v[5:] != "02-30"
}
