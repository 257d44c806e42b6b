package defect_test

import "strings"

// catalogue lists the ids of the runner's checks, without the operation, by
// status and level.
const catalogue = `
201 must: minimal example repeat after-error
201 must: echo-case echo-digits echo-leading-zeros echo-inner-space echo-outer-space echo-html echo-quotes
201 must: echo-backslash echo-percent echo-plus echo-slash echo-template echo-sql echo-proto echo-null
201 must: echo-multibyte echo-astral echo-combining echo-precomposed echo-right-to-left echo-control
201 must: echo-boolean echo-undefined echo-exponent echo-fraction echo-hexadecimal echo-signed echo-uuid echo-date echo-json
201 must: echo-false echo-not-a-number echo-percent-encoded echo-punctuation create-signs create-beyond-ascii
201 must: echo-length-1 echo-length-36 echo-length-64 echo-length-255 echo-length-256 echo-length-1000 echo-empty echo-blank echo-invisible
201 must: resolve-at-once resolve-later resolve-other-connection resolve-key-order resolve-escapes resolve-escaped-pairs
201 must: resolve-white-space resolve-throughout create-distinct create-late-character create-throughout
201 must: simultaneous tenants header-name-case media-type-case content-type json schema non-empty
201 should: create-case create-outer-space create-normal-form accept-any accept-none accept-json
201 should: unknown-headers media-type-charset chunked expect-continue open-object
201 should: unique-names no-internals no-key no-shared-cache
400 must: user_id-missing user_id-number user_id-boolean user_id-null user_id-object user_id-empty-object
400 must: user_id-zero user_id-false body-array-of-text body-empty-array json-utf16
400 must: user_id-array user_id-empty-array user_id-name-case user_id-name-space
400 must: body-array body-string body-number body-boolean body-null body-none body-empty body-blank
400 must: json-cut-short json-trailing-comma json-single-quotes json-comment json-trailing-text json-two-texts
400 must: json-unclosed json-leading-comma json-missing-comma json-line-comment json-extra-brace json-leading-zero json-tab
400 must: json-unquoted-key json-nan json-bare-word json-control-character json-invalid-utf8 json-bad-escape
400 must: deep-nesting long-number huge-exponent user_id-nul user_id-lone-surrogate steady
400 must: content-type json schema
400 should: media-type-other media-type-none media-type-nonsense duplicate-keys byte-order-mark large-body
400 should: user_id-lone-surrogate-echo unique-names non-empty no-internals no-key
400 may: nothing-kept
401 must: missing-key empty-key blank-key unknown-key not-enabled no-lock-out steady
401 must: key-changed-start key-changed-end key-with-scheme
401 must: key-short-start key-short-end key-longer key-changed key-half key-doubled key-quoted key-words
401 must: content-type json schema
401 should: key-case key-in-query key-as-bearer key-as-basic key-in-cookie two-keys long-key non-ascii-key
401 should: key-elsewhere before-400 same-shape www-authenticate unique-names non-empty no-internals no-key
500 must: provoked serves-on content-type json schema
500 should: unique-names non-empty no-internals no-key
http must: answered no-redirect no-server-error nothing-behind
http should: other-methods allow unknown-path no-markup
http should: tls-version tls-chain tls-plain-twin
`

// levels returns the level of each check.
func levels() map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(strings.TrimSpace(catalogue)) {
		head, names, _ := strings.Cut(line, ": ")
		status, level, _ := strings.Cut(head, " ")
		for _, name := range strings.Fields(names) {
			found[status+"/"+name] = level
		}
	}
	return found
}
