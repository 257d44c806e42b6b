package defect

import (
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Conditions on the answer. They hold only for the contract's operation, and
// never before serve.

func always(*exchange) bool { return true }

func answered(statuses ...int) when {
	return func(x *exchange) bool { return slices.Contains(statuses, x.status) && x.operation() }
}

func created(x *exchange) bool  { return x.operation() && x.status == http.StatusCreated }
func rejected(x *exchange) bool { return x.operation() && x.status == http.StatusBadRequest }
func refused(x *exchange) bool  { return x.operation() && x.status == http.StatusUnauthorized }
func failed(x *exchange) bool   { return x.operation() && x.status == http.StatusInternalServerError }
func erred(x *exchange) bool    { return x.operation() && x.status >= 400 }

// echoes holds for a created connection whose user id is one that f names.
func echoes(f func(string) bool) when {
	return func(x *exchange) bool { return created(x) && f(x.echoed()) }
}

func some(s string) bool { return s != "" }

func longer(characters int) func(string) bool {
	return func(s string) bool { return utf8.RuneCountInString(s) > characters }
}

func containing(parts ...string) func(string) bool {
	return func(s string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
	}
}

func containingRune(f func(rune) bool) func(string) bool {
	return func(s string) bool { return strings.ContainsFunc(s, f) }
}

// nth holds for those of the exchanges for which w holds whose number f picks,
// from 1.
func nth(f func(n int64) bool, w when) when { return nthOf(anybody, f, w) }

// nthOf is nth, counted for each subject by itself.
func nthOf(subject func(*exchange) string, f func(n int64) bool, w when) when {
	return func(x *exchange) bool { return w(x) && f(x.memory.count(subject(x))) }
}

func anybody(*exchange) string { return "" }

func every(n int64) func(int64) bool    { return func(i int64) bool { return i%n == 0 } }
func afterThe(n int64) func(int64) bool { return func(i int64) bool { return i > n } }
func the(n int64) func(int64) bool      { return func(i int64) bool { return i == n } }

// theLast picks the last few of each round of n.
func theLast(few, n int64) func(int64) bool {
	return func(i int64) bool { return (i-1)%n >= n-few }
}

// again holds for a created connection whose user was connected before.
func again(x *exchange) bool { return nthOf((*exchange).user, afterThe(1), created)(x) }

// Conditions on the request.

func both(a, b when) when {
	return func(x *exchange) bool { return a(x) && b(x) }
}

func not(w when) when {
	return func(x *exchange) bool { return !w(x) }
}

func method(names ...string) when {
	return func(x *exchange) bool { return slices.Contains(names, x.request.Method) && x.operation() }
}

func posted(x *exchange) bool    { return x.operation() && x.request.Method == http.MethodPost }
func elsewhere(x *exchange) bool { return !x.operation() }

// Keys.
func keyless(x *exchange) bool  { return posted(x) && len(x.request.Header[keyHeader]) == 0 }
func keyed(x *exchange) bool    { return posted(x) && x.key() != "" }
func twoKeyed(x *exchange) bool { return posted(x) && len(x.request.Header[keyHeader]) > 1 }
func keyEmpty(x *exchange) bool {
	return posted(x) && len(x.request.Header[keyHeader]) == 1 && x.key() == ""
}

func keyIs(f func(string) bool) when {
	return func(x *exchange) bool { return posted(x) && f(x.key()) }
}

// Headers.
func has(name string) when {
	return func(x *exchange) bool { return posted(x) && len(x.request.Header[name]) > 0 }
}

func lacks(name string) when {
	return func(x *exchange) bool { return posted(x) && len(x.request.Header[name]) == 0 }
}

func headerIs(name string, f func(string) bool) when {
	return func(x *exchange) bool { return posted(x) && f(x.request.Header.Get(name)) }
}

func equals(text string) func(string) bool {
	return func(s string) bool { return s == text }
}

// mediaType sorts a request by its Content-Type: "" for none, "?" for
// nonsense, else the type in lower case.
func mediaType(x *exchange) string {
	v := x.request.Header.Get("Content-Type")
	if v == "" {
		return ""
	}
	t, _, err := mime.ParseMediaType(v)
	if err != nil || !strings.Contains(t, "/") {
		return "?"
	}
	return t
}

func mediaTypeIs(f func(string) bool) when {
	return func(x *exchange) bool { return posted(x) && f(mediaType(x)) }
}

func otherMediaType(t string) bool { return t != "" && t != "?" && t != "application/json" }

func chunked(x *exchange) bool { return posted(x) && x.request.ContentLength < 0 }
