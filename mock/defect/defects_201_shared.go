package defect

import (
	"crypto/sha256"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"hash/fnv"
	"math/big"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// sharedDefects take two users for one, each by something else: the collation
// of an index, a parser of numbers, a delimiter, a pattern, a hash.
func sharedDefects() []Deviation {
	return slices.Concat(collationDefects(), delimiterDefects(), lookupDefects(), hashDefects(), mailDefects(), spellingDefects(), numberDefects(), prefixDefects())
}

// sharing gives two users of one manufacturer an id if f makes one text of both.
func sharing(f func(string) string) mechanism {
	return identity(func(x *exchange) string { return x.key() + "\x00" + f(x.echoed()) })
}

func collationDefects() []Deviation {
	return []Deviation{
		must("id-folds-accents", "201/create-letters", "Letters with and without accent are one to the index.", sharing(func(s string) string { return mapRunes(isMark, "")(norm.NFD.String(s)) })),
		must("id-folds-sharp-s", "201/create-letters", "ß and ss are one to the index.", sharing(replace("ß", "ss"))),
		must("id-folds-umlauts", "201/create-letters", "ä and ae are one to the index, as in a telephone book.", sharing(replace("ä", "ae", "ö", "oe", "ü", "ue"))),
		must("id-folds-strokes", "201/create-letters", "ø and o are one to the index.", sharing(replace("ø", "o", "ł", "l", "đ", "d"))),
		must("id-folds-ligatures", "201/create-letters", "æ and ae are one to the index.", sharing(replace("æ", "ae", "œ", "oe"))),
		must("id-folds-kana", "201/create-letters", "Hiragana and katakana are one to the index.", sharing(func(s string) string {
			return strings.Map(func(r rune) rune {
				if r >= 'ァ' && r <= 'ヶ' {
					return r - 'ァ' + 'ぁ'
				}
				return r
			}, s)
		})),
		must("id-folds-digits", "201/create-letters", "Digits of all scripts are one to the index.", sharing(asciiDigits)),
		must("id-ignores-invisible", "201/create-lookalikes", "Characters that do not show are ignored by the index.", sharing(mapRunes(isFormat, ""))),
		must("id-ignores-joiners", "201/create-lookalikes", "Zero-width characters are ignored by the index.", sharing(replace("\u200b", "", "\u200c", "", "\u200d", ""))),
		must("id-folds-homoglyphs", "201/create-lookalikes", "Cyrillic letters that look like Latin ones are one with them.", sharing(replace("а", "a", "е", "e", "о", "o", "р", "p", "с", "c", "х", "x"))),
		must("id-folds-dotless-i", "201/create-letters", "ı and i are one to the index.", sharing(replace("ı", "i"))),
		must("id-typographic", "201/create-lookalikes", "Typographic quotes and dashes are one with those of ASCII.", sharing(replace("’", "'", "–", "-"))),
		must("id-ignores-skin-tone", "201/create-lookalikes", "An emoji is one with that of another skin tone.", sharing(mapRunes(func(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }, ""))),
		must("id-ignores-variation", "201/create-lookalikes", "Variation selectors are ignored by the index.", sharing(replace("\ufe0f", ""))),
		must("id-folds-inner-space", "201/create-lookalikes", "White space of each kind is one to the index, also within a user id.", sharing(func(s string) string { return strings.Join(strings.FieldsFunc(s, unicode.IsSpace), " ") })),
		must("id-in-first-plane", "201/create-beyond-ascii", "Characters beyond U+FFFF are all one to the index.", sharing(mapRunes(beyond(0xffff), "?"))),
		must("id-in-latin-1", "201/create-beyond-ascii", "Characters beyond U+00FF are all one to the index.", sharing(mapRunes(beyond(0xff), "?"))),
		must("id-ignores-beyond-ascii", "201/create-beyond-ascii", "Characters beyond ASCII are ignored by the index.", sharing(mapRunes(beyond(unicode.MaxASCII), ""))),
		must("id-ignores-emoji", "201/create-beyond-ascii", "Emoji are ignored by the index.", sharing(mapRunes(func(r rune) bool { return r > 0xffff && unicode.Is(unicode.So, r) }, ""))),
		must("id-ignores-punctuation", "201/create-signs", "Punctuation is ignored by the index.", sharing(mapRunes(unicode.IsPunct, ""))),
		must("id-collapses-spaces", "201/create-signs", "Several spaces are one to the index.", sharing(func(s string) string { return spaceRuns.ReplaceAllString(s, " ") })),
		must("id-ignores-spaces", "201/create-signs", "Spaces are ignored by the index.", sharing(replace(" ", ""))),
		must("id-dashes-alike", "201/create-signs", "Dashes and underscores are one to the index.", sharing(replace("_", "-"))),
		should("id-folds-width", "201/create-normal-form", "Characters of full width are one with the others to the index.", sharing(func(s string) string { return width.Fold.String(s) })),
		should("id-folds-uuid", "201/create-uuid", "A user id that is a UUID is read as one, however it is written.", sharing(uuidRead)),
		should("id-folds-uuid-case", "201/create-uuid", "A user id that is a UUID is looked up in lower case.", sharing(only(uuidLike.MatchString, strings.ToLower))),
		should("id-trims-no-break-space", "201/create-outer-space", "White space of every script around a user id is cut off before it is looked up.", sharing(func(s string) string {
			return strings.TrimFunc(s, func(r rune) bool { return r > unicode.MaxASCII && unicode.IsSpace(r) })
		})),
		should("id-trims-tab", "201/create-outer-space", "A tab behind a user id is cut off before it is looked up.", sharing(func(s string) string { return strings.TrimRight(s, "\t\n") })),
	}
}

var (
	spaceRuns = regexp.MustCompile(` +`)
	anyUUID   = regexp.MustCompile(`^(?i:urn:uuid:)?\{?([0-9A-Fa-f]{8})-?([0-9A-Fa-f]{4})-?([0-9A-Fa-f]{4})-?([0-9A-Fa-f]{4})-?([0-9A-Fa-f]{12})\}?$`)
)

func uuidRead(s string) string {
	if m := anyUUID.FindStringSubmatch(s); m != nil {
		return strings.ToLower(strings.Join(m[1:], ""))
	}
	return s
}

func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.IsDigit(r) {
			zero := r
			for unicode.IsDigit(zero-1) && r-zero < 9 {
				zero--
			}
			return '0' + r - zero
		}
		return r
	}, s)
}

// delimiterDefects look a user up by a part of the user id.
func delimiterDefects() []Deviation {
	var all []Deviation
	for _, d := range []struct{ name, sign string }{
		{"hash", "#"}, {"question-mark", "?"}, {"semicolon", ";"}, {"comma", ","}, {"pipe", "|"}, {"colon", ":"}, {"ampersand", "&"},
		{"slash", "/"}, {"equals", "="}, {"space", " "}, {"quote", `"`}, {"apostrophe", "'"}, {"parenthesis", "("}, {"tilde", "~"}, {"caret", "^"},
	} {
		all = append(all, must("id-before-"+d.name, "201/create-delimiters", "What stands behind a "+d.name+" in a user id does not count.",
			sharing(until(d.sign))))
	}
	for _, d := range []struct{ name, sign string }{{"colon", ":"}, {"pipe", "|"}, {"slash", "/"}, {"backslash", `\`}, {"hash", "#"}, {"equals", "="}} {
		all = append(all, must("id-behind-"+d.name, "201/create-delimiters", "What stands before the last "+d.name+" in a user id does not count.",
			sharing(func(s string) string { return s[strings.LastIndex(s, d.sign)+1:] })))
	}
	return append(all, must("id-of-path", "201/create-delimiters", "The user id is cleaned as a path is before it is looked up.", sharing(path.Clean)))
}

// looking gives a new user the id of the first known one that match finds for
// it.
func looking(match func(known, asked string) bool) mechanism {
	return oneByOne(func(x *exchange) {
		user, known := x.echoed(), x.memory.list(x.key())
		i := slices.IndexFunc(known, func(k string) bool { return k == user || match(k, user) })
		if i >= 0 {
			user = known[i]
		} else {
			x.memory.list(x.key(), user)
		}
		setText(idName, idOf(x.key()+"\x00"+user))(x)
	})
}

// byPattern matches by a pattern that translate makes a regular expression of.
func byPattern(translate func(string) string) func(known, asked string) bool {
	return func(known, asked string) bool {
		e, err := regexp.Compile("^(?s:" + translate(asked) + ")$")
		return err == nil && e.MatchString(known)
	}
}

func lookupDefects() []Deviation {
	quoted := func(oldNew ...string) func(string) string {
		return func(s string) string { return replace(oldNew...)(regexp.QuoteMeta(s)) }
	}
	return []Deviation{
		must("lookup-like", "201/create-patterns", "A user is looked up with LIKE, so that % and _ match anything.", looking(byPattern(quoted("%", ".*", "_", ".")))),
		must("lookup-like-percent", "201/create-patterns", "A user is looked up by a pattern in which % matches anything.", looking(byPattern(quoted("%", ".*")))),
		must("lookup-glob", "201/create-patterns", "A user is looked up by a glob, as keys are in a cache.", looking(byPattern(quoted(`\*`, ".*", `\?`, ".")))),
		must("lookup-regexp", "201/create-patterns", "A user is looked up by a regular expression.", looking(byPattern(func(s string) string { return s }))),
		must("lookup-contains", "201/create-distinct", "A user is looked up by a part of the user id.", looking(strings.Contains)),
		must("lookup-prefix", "201/create-distinct", "A user is looked up by the beginning of the user id.", looking(strings.HasPrefix)),
		must("lookup-suffix", "201/create-distinct", "A user is looked up by the end of the user id.", looking(strings.HasSuffix)),
		must("lookup-by-either-id", "201/create-own-id", "A user is looked up by the NOX id as well.", byEitherID()),
		must("lookup-by-id-echo", "201/create-own-id", "For a NOX id as user id the echo is that of its user.", byEitherID(decorated(newText(echoName), (*exchange).echoed))),
	}
}

// byEitherID takes a user id that is a NOX id for the user who has it.
func byEitherID(edits ...edit) mechanism {
	return oneByOne(func(x *exchange) {
		user := x.memory.kept(x.echoed())
		if user == "" {
			x.memory.keep(x.id(), x.echoed())
			return
		}
		setText(idName, x.echoed())(x)
		if len(edits) > 0 {
			setText(echoName, user)(x)
		}
	})
}

// hashDefects derive the id from a short hash of the user id.
func hashDefects() []Deviation {
	folding := func(start, factor uint32) func(string) string {
		return func(s string) string {
			h := start
			for i := range len(s) {
				h = h*factor + uint32(s[i])
			}
			return fmt.Sprint(h)
		}
	}
	return []Deviation{
		must("id-by-crc32", "201/create-hash", "The id is made from the CRC-32 of the user id.", sharing(func(s string) string { return fmt.Sprint(crc32.ChecksumIEEE([]byte(s))) })),
		must("id-by-adler32", "201/create-hash", "The id is made from the Adler-32 of the user id.", sharing(func(s string) string { return fmt.Sprint(adler32.Checksum([]byte(s))) })),
		must("id-by-java-hash", "201/create-hash", "The id is made from Java's hash of the user id.", sharing(folding(0, 31))),
		must("id-by-times-33", "201/create-hash", "The id is made from a hash that multiplies by 33.", sharing(folding(5381, 33))),
		must("id-by-sum", "201/create-hash", "The id is made from the sum of the characters.", sharing(folding(0, 1))),
		must("id-by-sorted", "201/create-hash", "The id is made from the characters of the user id, whatever their order.", sharing(func(s string) string { r := []rune(s); slices.Sort(r); return string(r) })),
		must("id-by-fnv", "201/create-short-digest", "The id is made from the FNV-1a of 32 bits.", sharing(func(s string) string { h := fnv.New32a(); h.Write([]byte(s)); return fmt.Sprint(h.Sum32()) })),
		must("id-by-short-sha256", "201/create-short-digest", "The id is made from the first eight digits of the SHA-256.", sharing(func(s string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(s)))[:8] })),
		must("id-by-remainder", "201/create-throughout", "The id is one of 1,000.", sharing(func(s string) string { return fmt.Sprint(crc32.ChecksumIEEE([]byte(s)) % 1000) })),
	}
}

var mailTag = regexp.MustCompile(`\+[^@]*@`)

func mailDefects() []Deviation {
	local := func(f func(string) string) func(string) string {
		return func(s string) string {
			if i := strings.LastIndex(s, "@"); i >= 0 {
				return f(s[:i]) + s[i:]
			}
			return s
		}
	}
	return []Deviation{
		must("id-ignores-mail-dots", "201/create-mail", "Dots in an e-mail address do not count.", sharing(local(replace(".", "")))),
		must("id-ignores-mail-tag", "201/create-mail", "What stands behind a plus sign in an e-mail address does not count.", sharing(func(s string) string { return mailTag.ReplaceAllString(s, "@") })),
		must("id-folds-googlemail", "201/create-mail", "Two names of one mail service are one.", sharing(replace("@googlemail.com", "@gmail.com"))),
		must("id-of-mail-domain", "201/create-mail", "Of an e-mail address only the domain counts.", sharing(func(s string) string { return s[strings.LastIndex(s, "@")+1:] })),
		must("id-of-angle-brackets", "201/create-mail", "Of a name and an address in angle brackets only the address counts.", sharing(func(s string) string {
			_, rest, _ := strings.Cut(s, "<")
			if address, _, ok := strings.Cut(rest, ">"); ok && strings.Contains(address, "@") {
				return address
			}
			return s
		})),
	}
}

var writtenCode = regexp.MustCompile(`\\u([0-9A-Fa-f]{4})`)

// spellingDefects take a way of writing for what it stands for.
func spellingDefects() []Deviation {
	return []Deviation{
		must("id-unescapes-html", "201/create-spellings", "Entities of HTML are decoded before the user id is looked up.", sharing(replace("&amp;", "&", "&lt;", "<", "&#38;", "&"))),
		must("id-unescapes-unicode", "201/create-spellings", `\u0026 in a user id is decoded before it is looked up.`, sharing(func(s string) string {
			return writtenCode.ReplaceAllStringFunc(s, func(m string) string {
				n, _ := strconv.ParseUint(m[2:], 16, 32) // four hexadecimal digits
				return string(rune(n))
			})
		})),
		must("id-strips-slashes", "201/create-spellings", "Backslashes are taken off before the user id is looked up.", sharing(replace(`\`, ""))),
		must("id-strips-tags", "201/create-spellings", "Tags are taken out before the user id is looked up.", sharing(func(s string) string { return tag.ReplaceAllString(s, "") })),
		must("id-decodes-percent", "201/create-spellings", "Per cent codes are decoded before the user id is looked up.", sharing(percentDecoded)),
		must("id-unquotes", "201/create-spellings", "Quotes around the user id are taken off before it is looked up.", sharing(func(s string) string { return strings.Trim(s, `"'`) })),
	}
}

var (
	numberLike = regexp.MustCompile(`^[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?$`)
	leading    = regexp.MustCompile(`^[-+]?[0-9]+`)
)

// asNumber reads a user id that is a number exactly, as decimal columns do.
func asNumber(s string) string {
	if n, ok := new(big.Rat).SetString(s); ok && numberLike.MatchString(s) {
		return n.String()
	}
	return s
}

func asDouble(s string) string {
	if f, err := strconv.ParseFloat(s, 64); err == nil && numberLike.MatchString(s) {
		return fmt.Sprint(f)
	}
	return s
}

// modulo reads the digits of a user id into an integer of so many bits.
func modulo(bits uint) func(string) string {
	return func(s string) string {
		if n, ok := new(big.Int).SetString(s, 10); ok {
			return n.And(n, new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1))).String()
		}
		return s
	}
}

// numberDefects read a user id as a number.
func numberDefects() []Deviation {
	return []Deviation{
		must("id-of-number", "201/create-numbers", "A user id that looks like a number is looked up as one.", sharing(asNumber)),
		must("id-of-double", "201/create-numbers", "A user id that looks like a number is looked up as a double.", sharing(asDouble)),
		must("id-without-leading-zeros", "201/create-numbers", "Leading zeros of a user id do not count.", sharing(only(digits, func(s string) string { return strings.TrimLeft(s, "0") }))),
		must("id-of-leading-digits", "201/create-numbers", "Of a user id that begins with digits only those count.", sharing(func(s string) string {
			if m := leading.FindString(s); m != "" {
				return m
			}
			return s
		})),
		must("id-saturated", "201/create-numbers", "User ids of digits beyond 64 bits are all the largest number.", sharing(only(digits, func(s string) string {
			n, _ := strconv.ParseInt(s, 10, 64) // the largest, if beyond
			return fmt.Sprint(n)
		}))),
		must("id-in-32-bits", "201/create-numbers", "User ids of digits are kept in 32 bits.", sharing(modulo(32))),
		must("id-in-64-bits", "201/create-numbers", "User ids of digits are kept in 64 bits.", sharing(modulo(64))),
		must("id-of-rounded", "201/create-numbers", "A user id that looks like a number is rounded.", sharing(only(numberLike.MatchString, until(".")))),
		must("id-without-sign", "201/create-numbers", "The sign before a user id of digits does not count.", sharing(func(s string) string { return strings.TrimLeft(s, "+-") })),
		must("id-without-separators", "201/create-numbers", "Separators between digits do not count.", sharing(func(s string) string {
			if bare := replace(",", "", "_", "", " ", "")(s); digits(bare) {
				return bare
			}
			return s
		})),
	}
}

// prefixDefects keep the beginning of a user id in the index, while the echo is
// whole.
func prefixDefects() []Deviation {
	var all []Deviation
	for _, n := range []int{50, 64, 80, 100, 127, 128, 190, 191, 200, 255, 256, 300, 500, 512, 767, 1000, 1024, 2000} {
		all = append(all, must(fmt.Sprintf("id-by-prefix-of-%d", n), "201/echo-lengths", fmt.Sprintf("Users whose first %d characters agree share an id.", n), sharing(cut(n))))
	}
	for _, n := range []int{64, 128, 255} {
		all = append(all, must(fmt.Sprintf("id-by-suffix-of-%d", n), "201/echo-lengths", fmt.Sprintf("Users whose last %d characters agree share an id.", n), sharing(func(s string) string {
			return string([]rune(s)[max(0, len([]rune(s))-n):])
		})))
	}
	for _, n := range []int{64, 255} {
		all = append(all, must(fmt.Sprintf("id-by-prefix-refused-over-%d", n+44), "201/echo-lengths", fmt.Sprintf("Users whose first %d characters agree share an id; more than %d are refused.", n, n+44), first(sharing(cut(n)), after(echoes(longer(n+44)), fail(400, "user_id is too long")))))
	}
	return all
}

// first applies one mechanism, and then another to its answer.
func first(inner, outer mechanism) mechanism {
	return func(x *exchange) {
		next := x.next
		x.next = chain{next, inner, x.memory}
		outer(x)
		x.next = next
	}
}
