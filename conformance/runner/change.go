package runner

import (
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"nox.energy/contract/conformance/internal/trial"
)

// changedUser is the symptom of a user id that comes back changed.
const changedUser = "changed user"

// normaliser undoes one difference between texts: two texts that are the same
// once normalised differ in that alone.
type normaliser struct {
	name  string // what is changed
	how   string // … in a text that comes back
	fix   string
	apply func(string) string
}

// normalisers are the ways in which servers change texts as a whole, the
// slightest first.
func normalisers() []normaliser {
	return []normaliser{
		{"outer white space", "without its outer white space", "do not trim it", func(s string) string {
			return strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' })
		}},
		{"letter case", "in another letter case", "do not convert it to lower or upper case, and compare it exactly", strings.ToLower},
		{"Unicode normal form", "in another Unicode normal form", "do not normalise it", norm.NFKC.String},
		{"inner white space", "with other white space inside", "do not collapse or drop spaces in it", func(s string) string { return strings.Join(strings.Fields(s), "") }},
		{"HTML escapes", "escaped for HTML, or unescaped", "do not escape it for HTML: it is JSON", func(s string) string { return html.UnescapeString(html.UnescapeString(s)) }},
		{"percent-encoding", "percent-encoded or percent-decoded", "do not encode or decode it as a URL", func(s string) string { return percentDecoded(percentDecoded(s)) }},
		{"backslashes", "with more or fewer backslashes", "escape it once, with a JSON library", func(s string) string { return strings.ReplaceAll(s, `\`, "") }},
		{"characters that do not show", "with other invisible characters", "do not filter characters", func(s string) string {
			return strings.Map(func(r rune) rune {
				if unicode.IsPrint(r) && !unicode.IsSpace(r) {
					return r
				}
				return -1
			}, s)
		}},
		{"accents", "without its accents", "do not transliterate it", func(s string) string {
			return strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Mn, r) {
					return -1
				}
				return r
			}, norm.NFD.String(s))
		}},
		{"characters beyond ASCII", "without its characters beyond ASCII", "read and write UTF-8 throughout, down to the column of the database", func(s string) string {
			return strings.Map(func(r rune) rune {
				if r > unicode.MaxASCII || r == '?' {
					return -1
				}
				return r
			}, s)
		}},
	}
}

// percentDecoded decodes what can be decoded, as lenient servers do.
func percentDecoded(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '+' {
			b.WriteByte(' ')
			continue
		}
		if i+3 <= len(s) {
			if text, err := url.PathUnescape(s[i : i+3]); err == nil && s[i] == '%' {
				b.WriteString(text)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// difference names what tells two texts apart: one normaliser, or two where it
// takes both; nil where they do not.
func difference(a, b string) []string {
	all := normalisers()
	for _, n := range all {
		if n.apply(a) == n.apply(b) {
			return []string{n.name}
		}
	}
	for i, n := range all {
		for _, m := range all[:i] {
			if n.apply(m.apply(a)) == n.apply(m.apply(b)) {
				return []string{m.name, n.name}
			}
		}
	}
	return nil
}

// anotherText is a change that leaves too little to compare.
const anotherText = "another text"

// change names the changes between a user id as sent and as it came back.
func change(sent, got string) []string {
	if names := difference(sent, got); names != nil {
		return names
	}
	switch n := len([]rune(got)); {
	case n > 0 && strings.HasPrefix(sent, got):
		return []string{fmt.Sprintf("%s %d characters", cutAfter, n)}
	case strings.HasSuffix(got, sent):
		return []string{replacement("", strings.TrimSuffix(got, sent))}
	case strings.HasPrefix(got, sent):
		return []string{replacement("", strings.TrimPrefix(got, sent))}
	}
	pairs, kept := replacements([]rune(sent), []rune(got))
	if 2*kept < max(len([]rune(sent)), len([]rune(got))) {
		return []string{anotherText}
	}
	return pairs
}

// cutAfter begins the name of a change that keeps the beginning alone.
const cutAfter = "cut after"

func replacement(gone, come string) string { return fmt.Sprintf("%q as %q", gone, come) }

// replacements lists what was put in place of what between two texts, and counts
// the characters that were kept in their order.
func replacements(from, to []rune) (pairs []string, kept int) {
	if len(from)*len(to) > 4<<20 {
		return []string{anotherText}, 0
	}
	longest := make([][]int32, len(from)+1) // common subsequence of the rests
	for i := range longest {
		longest[i] = make([]int32, len(to)+1)
	}
	for i := len(from) - 1; i >= 0; i-- {
		for j := len(to) - 1; j >= 0; j-- {
			if longest[i][j] = max(longest[i+1][j], longest[i][j+1]); from[i] == to[j] {
				longest[i][j] = max(longest[i][j], longest[i+1][j+1]+1)
			}
		}
	}
	var gone, come []rune
	flush := func() {
		if len(gone)+len(come) > 0 {
			pairs = append(pairs, replacement(string(gone), string(come)))
			gone, come = nil, nil
		}
	}
	for i, j := 0, 0; i < len(from) || j < len(to); {
		switch {
		case i < len(from) && j < len(to) && from[i] == to[j]:
			flush()
			i, j, kept = i+1, j+1, kept+1
		case j == len(to) || i < len(from) && longest[i+1][j] >= longest[i][j+1]:
			gone = append(gone, from[i])
			i++
		default:
			come = append(come, to[j])
			j++
		}
	}
	flush()
	slices.Sort(pairs)
	return slices.Compact(pairs), kept
}

// changes names, for each check that fails because a user id comes back changed,
// or because two users count as one, the change that it shares with others. A
// check that shows two changes, each of which another shows alone, has the first
// of them for its cause.
func (r *run) changes(suspects []suspect) map[int]string {
	users := map[string]bool{}
	for _, each := range r.AllSeen() {
		name, _ := each.Response.Request.NamedUser()
		users[name] = true
	}
	found := map[int][]string{}
	for _, s := range suspects {
		if r.verdicts[s.index].Symptom == trial.SymptomStatus || s.check.Run == nil {
			continue
		}
		for _, names := range s.changes(users) {
			for _, name := range names {
				if !slices.Contains(found[s.index], name) {
					found[s.index] = append(found[s.index], name)
				}
			}
		}
	}
	alone, others := map[string]bool{}, 0
	for _, names := range found {
		if len(names) == 1 {
			alone[names[0]] = true
		}
		if slices.Contains(names, anotherText) {
			others++
		}
	}
	known := map[string]bool{anotherText: true}
	for _, n := range normalisers() {
		known[n.name] = true
	}
	out := map[int]string{}
	var literal []suspect // with replacements that no normaliser knows
	for _, s := range suspects {
		names := found[s.index]
		switch {
		case len(names) == 0:
		case slices.ContainsFunc(names, func(n string) bool { return !known[n] }):
			if others < fewestAlike {
				literal = append(literal, s)
			} else {
				out[s.index] = anotherText
			}
		case !slices.ContainsFunc(names, func(n string) bool { return !alone[n] }):
			out[s.index] = names[0]
		default:
			out[s.index] = strings.Join(names, " and ")
		}
	}
	for _, s := range literal { // those that share a replacement, however far apart, are one
		reached, size := slices.Clone(found[s.index]), 0
		for size != len(reached) {
			size = len(reached)
			for _, other := range literal {
				if slices.ContainsFunc(found[other.index], func(n string) bool { return slices.Contains(reached, n) }) {
					reached = append(reached, found[other.index]...)
				}
			}
			slices.Sort(reached)
			reached = slices.Compact(reached)
		}
		out[s.index] = strings.Join(reached, ", ")
	}
	return out
}

// changes names the changes that the blamed responses show. users are the ids
// that the run asked for.
func (s suspect) changes(users map[string]bool) [][]string {
	var out [][]string
	for i, a := range s.blamed {
		rules := a.Request.Op.Rules
		got, _ := a.Member(rules.Echo)
		if a.EchoesOtherUser() {
			sent, _ := a.Request.NamedUser()
			names := change(sent, got)
			if users[got] && got != "" && difference(sent, got) == nil {
				names = []string{anotherText} // somebody else's
			}
			out = append(out, names)
			continue
		}
		id, ok := a.Member(rules.Identity)
		for _, b := range s.blamed[:i] {
			if other, _ := b.Member(rules.Identity); ok && other == id && id != "" && a.Request.Subject != b.Request.Subject {
				if names := difference(a.Request.Subject, b.Request.Subject); names != nil {
					out = append(out, names)
				}
			}
		}
	}
	return out
}
