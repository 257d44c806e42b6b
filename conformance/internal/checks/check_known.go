package checks

import (
	"fmt"
	"slices"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// knownChecks ask once more for users who are known: servers are right about a
// new user, and wrong when the user comes back.
func knownChecks(b *builder) {
	rules, status := b.op.Rules, b.op.SuccessStatus()
	b.add(status, checkText{
		name: "resolve-again", ground: contractSays, prod: conformance.NotInProduction, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "a repeated request returns the same echo and id, whatever the user's name",
		sends:   "the users of the other echo checks again",
		why:     "The first response can come from the request; the second comes from the database.",
	}, trial.StageAfter, func(t *trial.Trial) {
		var first []*wire.Response
		seen := map[string]bool{}
		for _, s := range t.Session.Sort(t.Session.AllSeen()) {
			a := s.Response
			user := a.Request.Subject
			if !strings.Contains(s.Check.ID, "/echo-") || strings.HasSuffix(s.Check.ID, "-like") || len(user) > 256 || strings.HasSuffix(s.Check.ID, "/echo-lengths") && len(user) < 256 || a.Request.Op != t.Op || user == "" || seen[user] || !a.Succeeded() || !trial.HasOwnKey(a.Request) || a.EchoesOtherUser() {
				continue
			}
			seen[user] = true
			first = append(first, a)
		}
		if len(first) == 0 {
			t.Skip("no other check created a user")
		}
		trial.Each(t, first, func(a *wire.Response) string { return wire.Quote(shortened(a.Request.Subject)) }, func(t *trial.Trial, before *wire.Response) {
			again := t.ExpectSuccess(before.Request)
			t.RequireEcho(again)
			requireSame(t, before, again)
		})
	})
	if b.op.Body == nil || !b.op.Body.Schema.HasType("object") {
		return
	}
	b.add(status, checkText{
		name: "resolve-after-refusals", ground: contractSays, prod: conformance.NotInProduction, newUsers: 1, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "a user has the same echo and id after rejected requests about that user",
		sends:   "a user named by an e-mail address; the same user in an invalid body, in an array, with a wrong key and without a key; then the user again",
		why:     "A rejected request must not change the user that it names.",
	}, trial.StageRefuse, func(t *trial.Trial) {
		user := trial.MailForm(t.User())
		before := t.ExpectSuccess(t.RequestFor(user))
		text := schema.Encode(t.Body(user))
		var refused []*wire.Request
		if t.Op.InvalidStatus() != "" {
			refused = append(refused,
				t.RequestFor(user).WithText(text[:len(text)-1], wire.Breaks),
				t.RequestFor(user).WithBody(t.Body(user).With([]string{rules.Subject}, []any{user}), wire.Breaks))
		}
		if t.Op.UnauthorizedStatus() != "" && len(t.Op.Security) > 0 {
			refused = append(refused, t.RequestFor(user).WithKeys(unknownKey(t)), t.RequestFor(user).WithKeys())
		}
		t.SendAll(refused)
		again := t.ExpectSuccess(t.RequestFor(user))
		t.RequireEcho(again)
		requireSame(t, before, again)
	})
}

// requireSame ends the trial unless two responses about one user have one id.
func requireSame(t *trial.Trial, before, again *wire.Response) {
	if t.Op.Rules.Identity == "" {
		return
	}
	if x, y := t.IdentityOf(before), t.IdentityOf(again); x != y {
		t.Fail(fmt.Sprintf("%s %q, as in the first response", t.Op.Rules.Identity, x), fmt.Sprintf("%q", y), before, again)
	}
}

// otherManufacturerCheck asks of the second manufacturer what the first is
// asked by checks of their own.
func otherManufacturerCheck(b *builder) {
	rules, status := b.op.Rules, b.op.SuccessStatus()
	b.add(status, checkText{
		name: "other-manufacturer", ground: contractSays, prod: conformance.NotInProduction, needs: trial.NeedsOther, newUsers: 2, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "a second manufacturer gets the same service as the first",
		sends:   "with the other key: several users twice each, and invalid bodies",
		why:     "Each manufacturer has its own configuration, which can be wrong for one of them only.",
	}, trial.StageReject, func(t *trial.Trial) {
		otherIsGood(t)
		u := t.User()
		long := ofLength(63)(u)
		users := []string{" O'Brien " + u + " ", "漢字-é-😀-" + u, "漢字-e-😀-" + u, digitsOf(u), "0" + digitsOf(u), long + "a", long + "b"}
		// The first manufacturer has users of the same names.
		users = append(users, t.MailUser())
		for _, s := range t.Session.Sort(t.Session.AllSeen()) {
			if a := s.Response; a.Succeeded() && a.Request.Op == t.Op && slices.ContainsFunc([]string{"-digits", "-uuid", "-apostrophe"}, func(end string) bool { return strings.HasSuffix(s.Check.ID, "/echo"+end) }) && !slices.Contains(users, a.Request.Subject) {
				users = append(users, a.Request.Subject)
			}
		}
		trial.Each(t, users, wire.Quote, func(t *trial.Trial, user string) {
			r := t.RequestFor(user).WithKeys(t.Session.OtherKey())
			first := t.ExpectSuccess(r)
			t.RequireEcho(first)
			if strings.ContainsAny(user, " @é") {
				again := t.ExpectSuccess(r)
				t.RequireEcho(again)
				requireSame(t, first, again)
			}
		})
		var accepted []*wire.Response
		seen := map[string]bool{t.FirstUser(): true}
		for _, a := range t.Responses {
			if user := a.Request.Subject; a.Succeeded() && !seen[user] {
				seen[user] = true
				accepted = append(accepted, a)
			}
		}
		requireApart(t, accepted)
		if t.Op.InvalidStatus() != "" && t.Op.Body != nil {
			for _, text := range []string{"{}", `{"` + rules.Subject + `":17}`, `{"` + rules.Subject + `":"cut`, "", "[]"} {
				r := t.Request().WithText([]byte(text), wire.Breaks).WithoutSubject()
				if strings.HasSuffix(text, "17}") && !isInvalid(t, t.Send(r)) {
					continue // it is taken from any manufacturer, which another check says
				}
				t.RequireReadable(t.Expect(r.WithKeys(t.Session.OtherKey()), t.Op.InvalidStatus()))
			}
		}
	})
}

// otherIsGood ends the trial where the other key is none of this target.
func otherIsGood(t *trial.Trial) {
	refusal := t.Op.UnauthorizedStatus()
	if refusal == "" {
		return
	}
	r := t.RequestFor(t.FirstUser()).WithKeys(t.Session.OtherKey())
	if a := seenOr(t, r, func(a *wire.Response) bool {
		return isSentWith(a.Request, r.Keys) && (a.Succeeded() || a.HasStatus(refusal))
	}); a.HasStatus(refusal) {
		t.Skip("the target rejects the other key, which another check reports")
	}
}

// isSentWith reports whether a request carried these keys, at the same places.
func isSentWith(r *wire.Request, keys []wire.Credential) bool {
	return slices.EqualFunc(r.Keys, keys, func(a, b wire.Credential) bool {
		return a.Value == b.Value && a.Place == b.Place && a.Name == b.Name
	})
}

// otherWrongKeys are keys like the other manufacturer's that nobody was given.
func otherWrongKeys(t *trial.Trial, level conformance.Level) []wire.Credential {
	var out []wire.Credential
	for _, w := range WrongKeys() {
		if w.level != level || !slices.Contains([]string{"key-short-start", "key-short-end", "key-longer", "key-changed", "key-changed-end", "key-half", "key-case"}, w.name) {
			continue
		}
		if value := w.Derive(t.Session.Config.Keys.Other, t.Random()); value != "" && !t.Session.IsRealKey(value) {
			out = append(out, wire.Credential{Value: value, Label: "of the other manufacturer, " + w.Description})
		}
	}
	return out
}
