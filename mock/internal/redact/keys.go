package redact

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// Keys are the keys that are known at one time, by their digests, and what else
// is secret then. They are never changed.
type Keys struct {
	sums    [][sha256.Size]byte
	plain   []string                   // the keys that came as such; wherever they turn up, they are not stored
	unread  map[[sha256.Size]byte]bool // the other keys, of which only the digests are known
	needles []string                   // of the plain keys: see MayBeIn

	hidden        []string // what is secret beside the keys
	hiddenNeedles []string
}

// NewKeys returns the keys with those digests. plain are keys themselves.
func NewKeys(sums [][sha256.Size]byte, plain []string) *Keys {
	k := &Keys{sums: sums, plain: plain, unread: map[[sha256.Size]byte]bool{}, needles: needles(plain)}
	for _, sum := range sums {
		k.unread[sum] = true
	}
	for _, key := range plain {
		delete(k.unread, sha256.Sum256([]byte(key)))
	}
	return k
}

// Hiding returns the keys with what else is to appear in no output.
func (k *Keys) Hiding(secrets []string) *Keys {
	made := *k
	made.hidden, made.hiddenNeedles = secrets, needles(secrets)
	return &made
}

// Plain returns the keys that are known as such, not by their digests alone.
func (k *Keys) Plain() []string { return k.plain }

// Find returns the place of a key among the digests, in a time that does not
// depend on how much of it is right: digests are compared, whole, against every
// key.
func (k *Keys) Find(key string) (at int, ok bool) {
	sum := sha256.Sum256([]byte(key))
	at = -1
	for i := range k.sums {
		equal := subtle.ConstantTimeCompare(sum[:], k.sums[i][:])
		at = subtle.ConstantTimeSelect(equal, i, at)
	}
	return at, at >= 0
}

// needles are what to look for to know at a glance that a text holds no key, as
// long as it has no escapes: each key as it is, in hexadecimal, and the middle
// of its base64 for each place where it may begin.
func needles(keys []string) (all []string) {
	for _, key := range keys {
		all = append(all, key)
		if len(key) < wordLength {
			continue
		}
		all = append(all, hex.EncodeToString([]byte(key)), strings.ToUpper(hex.EncodeToString([]byte(key))))
		for before := range 3 {
			code := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + key))
			// Neighbours share the first characters and the last one.
			from, to := (before*4+2)/3, (before+len(key))*8/6
			middle := code[from:to]
			all = append(all, middle)
			if inURL := strings.NewReplacer("+", "-", "/", "_").Replace(middle); inURL != middle {
				all = append(all, inURL)
			}
		}
	}
	return all
}

// MayBeIn reports whether it takes a closer look to know that none of the keys
// is in a text.
func (k *Keys) MayBeIn(text string) bool {
	if len(k.unread) > 0 && len(text) >= wordLength || strings.ContainsAny(text, `%\`) {
		return true
	}
	isIn := func(needle string) bool { return strings.Contains(text, needle) }
	return slices.ContainsFunc(k.needles, isIn) || slices.ContainsFunc(k.hiddenNeedles, isIn)
}

// Place tells where a request that presents no key holds one: "path",
// "query", or the name of a header in lower case; "" if nowhere. What stands in
// Authorization is taken for a key. The body of a request without a key is not
// read.
func (k *Keys) Place(req *http.Request) string {
	isKey := func(text string) bool { _, is := k.Find(text); return is }
	if slices.ContainsFunc(strings.Split(req.URL.Path, "/"), isKey) {
		return "path"
	}
	for _, values := range req.URL.Query() {
		if slices.ContainsFunc(values, isKey) {
			return "query"
		}
	}
	for name, values := range req.Header {
		for _, value := range values {
			words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" =;,", r) })
			if name == "Authorization" && len(words) > 1 {
				if plain, err := base64.StdEncoding.DecodeString(words[1]); err == nil {
					words = append(words, strings.Split(string(plain), ":")...)
				}
			}
			if slices.ContainsFunc(words, isKey) || isKey(value) {
				return strings.ToLower(name)
			}
		}
	}
	if req.Header.Get("Authorization") != "" {
		return "authorization"
	}
	return ""
}
