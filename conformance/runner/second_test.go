package runner_test

import (
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/spec"
)

// secondContract is the contract of another shape.
func secondContract(t testing.TB) *spec.Document {
	t.Helper()
	return contractFile(t, "../../testdata/contracts/second.yaml")
}

func contractFile(t testing.TB, name string) *spec.Document {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := spec.Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// judgeRegister runs every check of the second contract against a register.
func judgeRegister(t *testing.T, doc *spec.Document, s *register, run ...string) *conformance.Result {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	r, err := runner.New(conformance.Config{
		Contract: doc, Target: srv.URL + "/v1", RunID: "second", Seed: 1, Run: run,
		Keys: conformance.Keys{Key: supplierToken, Other: otherSupplierToken},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(t.Context())
}

func TestSoundRegisterConforms(t *testing.T) {
	result := judgeRegister(t, secondContract(t), newRegister())
	passed := 0
	for _, c := range result.Checks {
		switch c.Outcome {
		case conformance.Pass:
			passed++
		case conformance.Skip: // what the configuration does not provide
		default:
			t.Errorf("%s %s: %s; expected %s, got %s", c.Outcome, c.ID, c.Reason, c.Expected, c.Actual)
		}
	}
	if result.Verdict != conformance.Conforms || passed < 250 {
		t.Errorf("%s (%s), %d checks passed", result.Verdict, result.Reason, passed)
	}
}

// registerChange is a register that differs from the sound one in one respect.
type registerChange struct {
	name   string
	caught string // the check meant for it: "registerTariff/400/…"; "" for a legal difference
	change func(s *register)
}

// without takes rules away.
func without(names ...string) func(*register) {
	return func(s *register) {
		for _, name := range names {
			if !slices.ContainsFunc(s.rules, func(r rule) bool { return r.name == name }) {
				panic("no rule " + name)
			}
		}
		s.rules = slices.DeleteFunc(s.rules, func(r rule) bool { return slices.Contains(names, r.name) })
	}
}

// instead puts another rule in the place of one of its name.
func instead(rules ...rule) func(*register) {
	return func(s *register) {
		for _, r := range rules {
			i := slices.IndexFunc(s.rules, func(have rule) bool { return have.name == r.name })
			s.rules[i] = r
		}
	}
}

// reading puts another rule in the place of one of the query.
func reading(parameter string, keeps func(value string, present bool) bool) func(*register) {
	return func(s *register) {
		i := slices.IndexFunc(s.query, func(have queryRule) bool { return have.parameter == parameter })
		s.query[i].keeps = keeps
	}
}

// spoiling changes the responses of a status.
func spoiling(status int, change func(a *reply)) func(*register) {
	return func(s *register) {
		s.spoil = func(_ *http.Request, a *reply, _ int) {
			if a.status == status {
				change(a)
			}
		}
	}
}

func replacing(old, with string) func(a *reply) {
	return func(a *reply) { a.body = []byte(strings.Replace(string(a.body), old, with, 1)) }
}

func registerDefects() []registerChange {
	const post, get = "registerTariff/", "readTariff/"
	return []registerChange{
		{"pattern not enforced", post + "400/code-pattern", without("code-pattern")},
		{"pattern not anchored at the end", post + "400/code-pattern-behind", instead(matching("code", regexp.MustCompile(`^[A-Z]{2}-[0-9]{4}`)))},
		{"pattern not anchored at the start", post + "400/code-pattern-before", instead(matching("code", regexp.MustCompile(`[A-Z]{2}-[0-9]{4}$`)))},
		{"pattern in any case", post + "400/code-pattern-case", instead(matching("code", regexp.MustCompile(`(?i)^[A-Z]{2}-[0-9]{4}$`)))},
		{"minLength off by one", post + "400/name-past-min-length", instead(nameLength(2, 40))},
		{"maxLength off by one", post + "400/name-past-max-length", instead(nameLength(3, 41))},
		{"maxLength exclusive", post + "201/name-at-max-length", instead(nameLength(3, 39))},
		{"minLength exclusive", post + "201/name-at-min-length", instead(nameLength(4, 40))},
		{"length counted in bytes", post + "201/name-at-max-length-multibyte", instead(text("name", "length", func(v string) bool { return len(v) >= 3 && len(v) <= 40 }))},
		{"unknown enum value accepted", post + "400/kind-enum", instead(text("kind", "enum", func(v string) bool { return regexp.MustCompile(`^[a-z_-]+$`).MatchString(v) }))},
		{"enum in any case", post + "400/kind-enum-case", instead(text("kind", "enum", func(v string) bool {
			return slices.Contains([]string{"fixed", "variable", "time_of_use"}, strings.ToLower(v))
		}))},
		{"enum trimmed", post + "400/kind-enum-space", instead(text("kind", "enum", func(v string) bool {
			return slices.Contains([]string{"fixed", "variable", "time_of_use"}, strings.TrimSpace(v))
		}))},
		{"an enum value refused", post + "201/kind-enum-time-of-use", instead(oneOfTexts("kind", "fixed", "variable"))},
		{"optional property with a default required", post + "201/currency-absent", func(s *register) {
			s.rules = append(s.rules, rule{"currency-required", func(b map[string]any) bool { _, ok := b["currency"]; return ok }})
		}},
		{"optional nested property required", post + "201/contact.phone-absent", func(s *register) {
			s.rules = append(s.rules, rule{"phone-required", func(b map[string]any) bool {
				contact, _ := b["contact"].(map[string]any)
				_, ok := contact["phone"]
				return ok
			}})
		}},
		{"exclusive minimum inclusive", post + "400/price-past-minimum", instead(numeric("price", "range", func(v *big.Rat) bool { return v.Sign() >= 0 && v.Cmp(big.NewRat(5, 1)) <= 0 }))},
		{"maximum not enforced", post + "400/price-past-maximum", instead(numeric("price", "range", func(v *big.Rat) bool { return v.Sign() > 0 }))},
		{"maximum exclusive", post + "201/price-at-maximum", instead(numeric("price", "range", func(v *big.Rat) bool { return v.Sign() > 0 && v.Cmp(big.NewRat(5, 1)) < 0 }))},
		{"zero taken for missing", post + "201/base_fee-at-minimum", instead(numeric("base_fee", "range", between(1, 99999)))},
		{"exclusive maximum inclusive", post + "400/base_fee-past-maximum", instead(numeric("base_fee", "range", between(0, 100000)))},
		{"integer with a fraction accepted", post + "400/base_fee-fraction", without("base_fee-integer")},
		{"digits in a string taken for a number", post + "400/base_fee-string", instead(ofType("base_fee", func(v any) bool {
			_, isText := v.(string)
			_, isNumber := v.(json.Number)
			return isText || isNumber
		}))},
		{"multipleOf not enforced", post + "400/step_watts-not-multiple", without("step_watts-multiple")},
		{"a word taken for a boolean", post + "400/renewable-string", without("renewable-type")},
		{"one taken for true", post + "400/renewable-number", instead(ofType("renewable", func(v any) bool {
			_, isBoolean := v.(bool)
			return isBoolean || v == json.Number("1")
		}))},
		{"false taken for missing", post + "201/renewable-false", func(s *register) {
			s.rules = append(s.rules, rule{"renewable-truth", func(b map[string]any) bool { return b["renewable"] != false }})
		}},
		{"maxLength of a uri not enforced", post + "400/terms_url-past-max-length", without("terms_url-length")},
		{"format not enforced", post + "400/terms_url-format-wrong", without("terms_url-format")},
		{"format enforced in part", post + "400/valid_until-format-near", instead(rule{"valid_until-format", func(b map[string]any) bool {
			v, ok := b["valid_until"].(string)
			return !ok || regexp.MustCompile(`^\d{4}-\d\d-\d\d$`).MatchString(v)
		}})},
		{"nullable refused", post + "201/valid_until-null", func(s *register) {
			s.rules = append(s.rules, rule{"no-null", func(b map[string]any) bool { v, has := b["valid_until"]; return !has || v != nil }})
		}},
		{"null taken for missing", post + "400/renewable-null", instead(ofType("renewable", func(v any) bool {
			_, ok := v.(bool)
			return ok || v == nil
		}))},
		{"array too long accepted", post + "400/regions-past-max-items", instead(list("regions", "items", func(v []any) bool { return len(v) >= 1 }))},
		{"array too short accepted", post + "400/regions-past-min-items", instead(list("regions", "items", func(v []any) bool { return len(v) <= 3 }))},
		{"array at its limit refused", post + "201/regions-at-max-items", instead(list("regions", "items", func(v []any) bool { return len(v) == 1 || len(v) == 2 }))},
		{"duplicates accepted", post + "400/regions-duplicate-items", without("regions-unique")},
		{"one item taken for a list", post + "400/regions-bare-item", instead(ofType("regions", func(v any) bool {
			_, isText := v.(string)
			_, isList := v.([]any)
			return isText || isList
		}))},
		{"items not looked at", post + "400/regions.0-enum", without("regions-enum")},
		{"nested required property not demanded", post + "400/contact.email-missing", without("contact.email-required")},
		{"nested pattern not enforced", post + "400/contact.phone-pattern", without("contact.phone-pattern")},
		{"nested type not looked at", post + "400/contact.email-number", without("contact.email-type")},
		{"required property of an item not demanded", post + "400/bands.0.factor-missing", without("bands.factor-required")},
		{"limit within an item not enforced", post + "400/bands.0.from_hour-past-maximum", instead(rule{"bands.from_hour-range", func(map[string]any) bool { return true }})},
		{"decimal multiple within an item not enforced", post + "400/bands.0.factor-not-multiple", without("bands.factor-multiple")},
		{"extra property accepted", post + "400/undeclared-property", without("extra")},
		{"property names in any case", post + "400/terms_url-name-case", func(s *register) {
			s.rules = []rule{{"folded", func(b map[string]any) bool {
				folded := map[string]any{}
				for name, v := range b {
					folded[strings.ToLower(name)] = v
				}
				return !slices.ContainsFunc(tariffRules(), func(r rule) bool { return !r.keeps(folded) })
			}}}
		}},
		{"property names trimmed", post + "400/kind-name-space", func(s *register) {
			s.rules = []rule{{"trimmed", func(b map[string]any) bool {
				trimmed := map[string]any{}
				for name, v := range b {
					trimmed[strings.TrimSpace(name)] = v
				}
				return !slices.ContainsFunc(tariffRules(), func(r rule) bool { return !r.keeps(trimmed) })
			}}}
		}},
		{"required property not demanded", post + "400/terms_url-missing", without("terms_url-required")},
		{"another error status", post + "400/code-missing", spoiling(400, func(a *reply) { a.status = 422 })},
		{"another success status", post + "201/minimal", spoiling(201, func(a *reply) { a.status = 200 })},
		{"another error shape", post + "400/schema", spoiling(400, func(a *reply) { a.body = []byte(`{"error":"refused"}`) })},
		{"error with a property too many", post + "401/schema", spoiling(401, replacing(`{`, `{"trace":"1",`))},
		{"response header missing", post + "201/headers", spoiling(201, func(a *reply) { a.header.Del("X-Revision") })},
		{"response header of another type", post + "201/headers", spoiling(201, func(a *reply) { a.header.Set("X-Revision", "first") })},
		{"response enum unlisted", post + "201/schema", spoiling(201, replacing(`"registered"`, `"pending"`))},
		{"response property missing", post + "201/schema", spoiling(201, replacing(`"revision"`, `"version"`))},
		{"response number as text", get + "200/schema", spoiling(200, replacing(`"revision":1`, `"revision":"1"`))},
		{"response date in another form", get + "200/schema", spoiling(200, replacing(`2026-01-02T03:04:05Z`, `2.1.2026`))},
		{"error as a page", post + "400/content-type", spoiling(400, func(a *reply) {
			a.header.Set("Content-Type", "text/html")
			a.body = []byte("<html><body>Bad Request</body></html>")
		})},
		{"body cut short", post + "201/json", spoiling(201, func(a *reply) { a.body = a.body[:len(a.body)-5] })},
		{"something behind the body", get + "200/json", spoiling(200, func(a *reply) { a.body = append(a.body, "OK"...) })},
		{"breakdown on null", post + "http/no-server-error", func(s *register) {
			s.spoil = func(_ *http.Request, a *reply, _ int) {
				if strings.Contains(string(a.body), "contact-type") {
					*a = *refusal(http.StatusInternalServerError, "internal", "")
				}
			}
		}},
		{"token not demanded", post + "401/missing-key", func(s *register) {
			sound := s.accepts
			s.accepts = func(v []string) bool { return len(v) == 0 || sound(v) }
		}},
		{"token compared by its start", get + "401/key-longer", func(s *register) {
			s.accepts = func(v []string) bool { return len(v) == 1 && strings.HasPrefix(v[0], supplierToken) }
		}},
		{"token compared by its length", post + "401/unknown-key", func(s *register) {
			s.accepts = func(v []string) bool { return len(v) == 1 && len(v[0]) == len(supplierToken) }
		}},
		{"token in any case", post + "401/key-case", func(s *register) {
			s.accepts = func(v []string) bool { return len(v) == 1 && strings.EqualFold(v[0], supplierToken) }
		}},
		{"one registration in seven fails", post + "201/repeat", func(s *register) {
			s.spoil = func(_ *http.Request, a *reply, n int) {
				if n%7 == 0 && a.status == 201 {
					*a = *refusal(http.StatusInternalServerError, "internal", "")
				}
			}
		}},
		{"one bad registration in five accepted", post + "400/steady", func(s *register) {
			s.spoil = func(r *http.Request, a *reply, n int) {
				if n%5 == 0 && a.status == 400 && r.Method == http.MethodPost {
					good := newRegister().tariffs["trf-000001"]
					*a = *answerJSON(http.StatusCreated, good)
					a.header.Set("X-Revision", "1")
				}
			}
		}},
		{"required query parameter not demanded", get + "400/query-currency-missing", reading("currency", func(v string, present bool) bool {
			return !present || slices.Contains([]string{"EUR", "CHF", "DKK"}, v)
		})},
		{"enum of a query parameter not enforced", get + "400/query-currency-enum", reading("currency", func(v string, present bool) bool { return present })},
		{"limit of a query parameter not enforced", get + "400/query-days-past-maximum", reading("days", func(v string, present bool) bool {
			return !present || regexp.MustCompile(`^[1-9]\d*$`).MatchString(v)
		})},
		{"query parameter of another type passed over", get + "400/query-days-string", reading("days", func(v string, present bool) bool {
			return !regexp.MustCompile(`^\d+$`).MatchString(v) || regexp.MustCompile(`^([1-9]|[12]\d|3[01])$`).MatchString(v)
		})},
		{"limit of a query parameter refused", get + "200/query-days-at-maximum", reading("days", func(v string, present bool) bool {
			return !present || regexp.MustCompile(`^([1-9]|[12]\d|30)$`).MatchString(v)
		})},
		{"boolean of a query parameter not looked at", get + "400/query-with_history-string", reading("with_history", func(string, bool) bool { return true })},
		{"optional query parameter refused", get + "200/query-with_history-true", reading("with_history", func(v string, _ bool) bool { return v != "true" })},
		{"too many items in a query parameter accepted", get + "400/query-regions-past-max-items", reading("regions", func(v string, present bool) bool { return !strings.Contains(v, "unlisted") && v == strings.ToLower(v) })},
		{"not found under another status", get + "404/other-resource", spoiling(404, func(a *reply) { a.status = 410 })},
		{"not found in another shape", get + "404/schema", spoiling(404, func(a *reply) { a.body = []byte(`{"status":404}`) })},
	}
}

func nameLength(low, high int) rule {
	return text("name", "length", func(v string) bool { n := utf8.RuneCountInString(v); return n >= low && n <= high })
}

// besides selects the checks of the same response: those of no response need the
// answers to all.
func besides(id string) string {
	group := id[:strings.LastIndex(id, "/")]
	if operation, found := strings.CutSuffix(group, "/http"); found {
		group = operation + "/*"
	}
	return group + "/*"
}

func TestEveryDefectOfTheRegisterIsFound(t *testing.T) {
	doc := secondContract(t)
	for i, d := range registerDefects() {
		if testing.Short() && i%4 != 0 {
			continue
		}
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := newRegister()
			d.change(s)
			result := judgeRegister(t, doc, s, besides(d.caught))
			i := slices.IndexFunc(result.Checks, func(c conformance.CheckResult) bool { return c.ID == d.caught })
			if i < 0 {
				t.Fatalf("there is no check %s", d.caught)
			}
			c := result.Checks[i]
			wanted := conformance.Fail
			if c.Level == conformance.Should {
				wanted = conformance.Warn
			}
			if c.Outcome != wanted {
				t.Errorf("%s: %s (%s)", c.ID, c.Outcome, c.Reason)
			}
			for _, c := range result.Checks {
				if c.Outcome == conformance.Err {
					t.Errorf("error %s: %s", c.ID, c.Reason)
				}
			}
		})
	}
}

// registerVariations keep the contract in ways of their own.
func registerVariations() []registerChange {
	each := func(change func(a *reply)) func(*register) {
		return func(s *register) { s.spoil = func(_ *http.Request, a *reply, _ int) { change(a) } }
	}
	return []registerChange{
		{"answers with white space", "", each(func(a *reply) { a.body = append([]byte(" \n"), append(a.body, "\r\n"...)...) })},
		{"a charset beside the media type", "", each(func(a *reply) { a.header.Set("Content-Type", "Application/JSON; charset=UTF-8") })},
		{"more properties in a tariff", "", spoiling(201, replacing(`{`, `{"links":{"self":"/v1/tariffs"},"score":1.5,`))},
		{"errors without the field", "", func(s *register) {
			s.spoil = func(_ *http.Request, a *reply, _ int) {
				a.body = regexp.MustCompile(`,"field":"[^"]*"`).ReplaceAll(a.body, nil)
			}
		}},
		{"errors in another language", "", each(replacing("the request is refused", "Die Anfrage wird zurückgewiesen"))},
		{"formats not enforced", "", without("terms_url-format", "contact.email-format")},
		{"404 for an id of another form", "", func(s *register) {
			s.spoil = func(r *http.Request, a *reply, _ int) {
				if a.status == 400 && strings.Contains(string(a.body), "tariff_id") {
					a.status = 404
				}
			}
		}},
		{"connections closed after each answer", "", each(func(a *reply) { a.header.Set("Connection", "close") })},
		{"answers in chunks", "", func(s *register) {
			s.write = func(w http.ResponseWriter, a *reply) {
				half := len(a.body) / 2
				head := *a
				head.body = a.body[:half]
				writeReply(w, &head)
				if err := http.NewResponseController(w).Flush(); err == nil {
					_, _ = w.Write(a.body[half:])
				}
			}
		}},
	}
}

// Each kind of check that the embedded contract does not give rise to, and so no
// defect of the mock can fail, is failed by a defect of the register. Checks of
// one kind give the same reason why they exist.
func TestEveryKindOfCheckIsFailedByADefect(t *testing.T) {
	failed := map[string]bool{}
	embedded, err := runner.Catalogue(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range embedded {
		failed[c.Why] = true
	}
	second, err := runner.Catalogue(secondContract(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range registerDefects() {
		if i := slices.IndexFunc(second, func(c conformance.Check) bool { return c.ID == d.caught }); i >= 0 {
			failed[second[i].Why] = true
		}
	}
	for _, c := range second {
		if !failed[c.Why] {
			t.Errorf("%s is failed by no defect: add a row to registerDefects (second_test.go)", c.ID)
			failed[c.Why] = true // once for its kind
		}
	}
}

func TestNoVariationOfTheRegisterFails(t *testing.T) {
	doc := secondContract(t)
	for _, v := range registerVariations() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s := newRegister()
			v.change(s)
			for _, c := range judgeRegister(t, doc, s).Checks {
				if c.Outcome == conformance.Fail || c.Outcome == conformance.Err {
					t.Errorf("%s %s: %s; expected %s, got %s", c.Outcome, c.ID, c.Reason, c.Expected, c.Actual)
				}
			}
		})
	}
}

// A check may name properties in prose.go alone: everything else must hold for
// any contract.
func TestNoCheckKnowsAProperty(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.go", "../*.go", "../internal/*/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	names := []string{"user_id", "tariff", "createManufacturerDeviceConnection", "ErrorResponse"}
	if len(files) < 60 {
		t.Fatalf("only %d files to look at", len(files))
	}
	for _, name := range files {
		base := filepath.Base(name)
		if strings.HasSuffix(base, "_test.go") || base == "prose.go" || base == "configure.go" { // whose error message shows an example
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(source), "\n") {
			code, _, _ := strings.Cut(line, "//")
			for _, word := range names {
				if strings.Contains(code, word) {
					t.Errorf("%s:%d names %s: %s", name, i+1, word, strings.TrimSpace(line))
				}
			}
		}
	}
}
