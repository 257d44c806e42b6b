package checks

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/big"
	"strconv"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/internal/trial"
	"nox.energy/contract/conformance/internal/wire"
)

// likeness is a way in which an index takes several users for one.
type likeness struct {
	name    string
	ground  ground
	summary string
	// users are asked for in their order. Any two of them are different users.
	users func(user string) []string
	kind  specimenKind // lenient: one that is refused is passed over
}

// signsInUse separate the parts of a key in stores, URLs and command lines.
const signsInUse = `#?;,|:/&= "'(~^\%*$!<>[{` + "`--"

func likenesses() []likeness {
	// variants are a text behind the user, and the same with one piece replaced.
	variants := func(of string, oldNew ...string) func(string) []string {
		return func(u string) []string {
			out := []string{u + of}
			for i := 0; i < len(oldNew); i += 2 {
				out = append(out, u+strings.Replace(of, oldNew[i], oldNew[i+1], 1))
			}
			return out
		}
	}
	return []likeness{
		{"distinct", contractSays, "users with different names get different ids", func(u string) []string {
			return []string{u + "-1", u + "-2", "a" + u, "b" + u, u + "0", u + "00", u}
		}, usual},
		{"signs", contractSays, "users that differ in one punctuation character get different ids", func(u string) []string {
			return []string{u + "x", u + "-x", u + "_x", u + ".x", u + "+x", u + " x", u + "  x", u + "%20x", u + "@x", u + "@y", u + "/x"}
		}, usual},
		{"beyond-ascii", contractSays, "users that differ in one non-ASCII character get different ids", func(u string) []string {
			return []string{u + "漢", u + "字", u + "😀", u + "🚀"}
		}, usual},
		{"letters", contractSays, "users that differ in letters that collations treat as equal get different ids", variants("é-ß-ä-ø-æ-が-٣-й-ı",
			"é", "e", "ß", "ss", "ä", "ae", "ø", "o", "æ", "ae", "が", "ガ", "が", "か", "٣", "3", "й", "и", "ı", "i"), lenient},
		{"lookalikes", contractSays, "users that look the same, or nearly, get different ids", variants("е\u200d-👍🏽❤\ufe0f’–-x y",
			"е", "e", "\u200d", "", "\u200d", "\u200b", "\u200d", "\u200e", "\u200d", "\u00ad", "🏽", "", "\ufe0f", "", "’", "'", "–", "-", " ", "\u00a0", " ", "\t", " ", "\n"), lenient},
		{"late-character", contractSays, "users that differ in the 64th character get different ids", func(u string) []string {
			return []string{ofLength(63)(u) + "a", ofLength(63)(u) + "b"}
		}, usual},
		{"delimiters", contractSays, "users that differ next to a separator get different ids", func(u string) []string {
			return []string{u + signsInUse + "1", u + signsInUse + "2", "r" + u + signsInUse + "1", u + "/y", u + "//y", u + "/x/../y", u + "/y/"}
		}, attack},
		{"patterns", contractSays, "users that look like search patterns get different ids", func(u string) []string {
			return []string{u + "-1", u + "_1", u + "%", u + "*", u + ".1", u + "?1"}
		}, usual},
		{"hash", contractSays, "users that collide in short hashes get different ids", variants("AaAbacaibidbcpfnxpvlja", // sums of CRC-32 are linear: whatever stands before
			"Aa", "BB", "Ab", "BA", "aca", "bab", "ibidbc", "ibidcb", "pfnxpvlja", "ytyauqyid"), usual},
		{"short-digest", contractSays, "users whose digests agree in 32 bits get different ids", alikeDigests, usual},
		{"mail", contractSays, "users that mail services treat as one mailbox get different ids", func(u string) []string {
			return []string{"first." + u + "+tag@gmail.com", "first" + u + "+tag@gmail.com", "first." + u + "@gmail.com", "first." + u + "+tag@googlemail.com", "last." + u + "+tag@gmail.com", "F <first." + u + "@gmail.com>"}
		}, usual},
		{"spellings", contractSays, "users that look like encodings of each other get different ids", func(u string) []string {
			return []string{u + "&x", u + "&amp;x", u + "%26x", u + `\u0026x`, u + `\&x`, u + "<i>&x", `"` + u + `&x"`}
		}, attack},
		{"numbers", contractSays, "users that are equal as numbers get different ids", alikeNumbers, usual},
		{"uuid", stacksDiffer, "users that differ only in UUID notation get different ids", func(u string) []string {
			id := "a987fbc9-4bed-4078-8f07-" + lastOf(digitsOf(u), 12)
			return []string{id, strings.ToUpper(id), strings.ReplaceAll(id, "-", ""), "{" + id + "}"}
		}, usual},
		{"case", stacksDiffer, "users that differ only in letter case get different ids", func(u string) []string {
			return []string{"user-" + u, "USER-" + u}
		}, usual},
		{"outer-space", stacksDiffer, "users that differ only in outer white space get different ids", func(u string) []string {
			return []string{u, u + " ", " " + u, u + "\u00a0", "\u3000" + u, u + "\t"}
		}, lenient},
		{"normal-form", stacksDiffer, "users that differ only in Unicode normal form or character width get different ids", func(u string) []string {
			return []string{"\u00e9A-" + u, "e\u0301A-" + u, "\u00e9\uff21-" + u}
		}, usual},
	}
}

// alikeNumbers are digits, beyond what doubles and integers hold, and other
// ways to write the same number.
func alikeNumbers(u string) []string {
	d := digitsOf(u)
	n, _ := new(big.Int).SetString(d, 10) // digits
	plus := func(n *big.Int, bits uint) string {
		return new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), bits)).String()
	}
	short, _ := new(big.Int).SetString("9"+lastOf(d, 16), 10)
	short.AndNot(short, big.NewInt(15)) // a double holds it, and not the next
	return []string{
		d, "0" + d, d + ".0", "+" + d, "-" + d, d + "abc", d[:1] + "," + d[1:], plus(n, 0), plus(n, 64),
		short.String(), "0" + short.String(), plus(short, 0), plus(short, 32),
	}
}

// alikeDigests are pairs of users whose names agree in a digest of 32 bits: of
// FNV-1a, and in the first eight hexadecimal digits of others.
func alikeDigests(u string) (out []string) {
	fnv1a := fnv.New32a()
	// A table of fixed size: a map takes most of the time of a run by itself. Its
	// slots hold the number of a name, plus one, and a sum that is looked up.
	type slot struct{ sum, number uint32 }
	seen := make([]slot, 1<<19)
	prefix := []byte(u + ".")
	for _, digest := range []func([]byte) uint32{
		func(b []byte) uint32 { fnv1a.Reset(); fnv1a.Write(b); return fnv1a.Sum32() },
		func(b []byte) uint32 { s := md5.Sum(b); return binary.BigEndian.Uint32(s[:]) },
		func(b []byte) uint32 { s := sha1.Sum(b); return binary.BigEndian.Uint32(s[:]) },
		func(b []byte) uint32 { s := sha256.Sum256(b); return binary.BigEndian.Uint32(s[:]) },
	} {
		clear(seen)
		// Of so many names two agree with a probability of 99.99%.
		for n := range 300_000 {
			prefix = appendNumber(prefix[:len(u)+1], n)
			sum := digest(prefix)
			at := sum >> 13
			for seen[at].number != 0 && seen[at].sum != sum {
				at = (at + 1) % uint32(len(seen))
			}
			if first := seen[at].number; first != 0 {
				out = append(out, string(appendNumber([]byte(u+"."), int(first)-1)), string(prefix))
				break
			}
			seen[at] = slot{sum, uint32(n + 1)}
		}
	}
	return out
}

// appendNumber appends the n-th of many endings of a name, which differ in more
// than their last characters.
func appendNumber(name []byte, n int) []byte {
	return strconv.AppendUint(name, uint64(n+1)*0x9e3779b97f4a7c15>>24, 32)
}

func createChecks(b *builder) {
	for _, l := range likenesses() {
		b.add(b.op.SuccessStatus(), checkText{
			name: "create-" + l.name, ground: l.ground, prod: conformance.Creates, newUsers: 2, pointer: b.memberPointer(b.op.Rules.Identity),
			summary: l.summary,
			sends:   "requests for new " + strings.TrimSuffix(l.summary, " get different ids"),
			why:     "Two users with one id see each other's devices.",
		}, trial.StageAccept, func(t *trial.Trial) {
			var blocked *wire.Response
			for _, user := range l.users(t.User()) {
				r := t.RequestFor(user)
				if l.kind&attack != 0 {
					r = r.Attack()
				}
				a := t.Send(r)
				switch {
				case a.IsBlocked():
					blocked = a
					continue
				case l.kind&lenient != 0 && isInvalid(t, a):
					continue
				}
				t.RequireStatus(a, t.Op.SuccessStatus())
				t.RequireReadable(a)
			}
			requireApart(t, t.Responses)
			if blocked != nil {
				t.RequireStatus(blocked, t.Op.SuccessStatus())
			}
		})
	}
	ownIDCheck(b)
}

// isInvalid reports whether a response is the documented refusal of a body.
func isInvalid(t *trial.Trial, a *wire.Response) bool {
	status := t.Op.InvalidStatus()
	return status != "" && a.HasStatus(status)
}

// requireApart ends the trial if two successes among the responses, each about
// another user, have one id.
func requireApart(t *trial.Trial, answers []*wire.Response) {
	owners := map[string]*wire.Response{}
	for _, a := range answers {
		if !a.Succeeded() {
			continue
		}
		id := t.IdentityOf(a)
		// One user may stand among the users twice: a name that is alike another in two ways.
		if other := owners[id]; other != nil && other.Request.Subject != a.Request.Subject {
			t.Fail("a different "+t.Op.Rules.Identity+" for each user", fmt.Sprintf("%q for both %s and %s", id, wire.Quote(other.Request.Subject), wire.Quote(a.Request.Subject)), other, a)
		}
		owners[id] = a
	}
}

// ownIDCheck asks for a user who is called as another's id is.
func ownIDCheck(b *builder) {
	rules := b.op.Rules
	b.add(b.op.SuccessStatus(), checkText{
		name: "create-own-id", ground: contractSays, prod: conformance.Creates, newUsers: 2, pointer: b.memberPointer(b.op.Rules.Identity),
		summary: "a " + rules.Identity + " sent as " + rules.Subject + " gets an id of its own",
		sends:   "a user, then the " + rules.Identity + " of that user as " + rules.Subject,
		why:     "Knowing a user's id must not be enough to act as that user.",
	}, trial.StageAccept, func(t *trial.Trial) {
		first := seenOr(t, t.RequestFor(t.FirstUser()), func(a *wire.Response) bool {
			return a.Succeeded() && a.Request.Subject == t.FirstUser() && trial.HasOwnKey(a.Request)
		})
		t.RequireStatus(first, t.Op.SuccessStatus())
		t.RequireReadable(first)
		id := t.IdentityOf(first)
		if len([]rune(id)) > 64 {
			t.Skip("the ids are longer than any " + rules.Subject + " that a target must accept")
		}
		second := t.ExpectSuccess(t.RequestFor(id))
		t.RequireEcho(second)
		requireApart(t, []*wire.Response{first, second})
	})
}
