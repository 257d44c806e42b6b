package secret

import "testing"

// Words that a key shares with other texts stay readable; the key itself does
// not, wherever it appears.
func TestRedactWords(t *testing.T) {
	t.Parallel()
	const target = "http://admin:4010/b-disabled-user/v2"
	for _, c := range []struct{ key, text, want string }{
		// A key of words and random characters: its words alone are no secret.
		{"acme-disabled-5c1d0a", "/x/b-disabled-user", "/x/b-disabled-user"},
		{"acme-disabled-5c1d0a", "the manufacturer is acme-disabled-now", "the manufacturer is acme-disabled-now"},
		{"key-disabled", "/x/b-disabled-user", "/x/b-disabled-user"},
		{"acme-disabled-5c1d0a", "xacme-disabled-5c1d0ax", "x[K]x"},
		{"acme-disabled-5c1d0a", "lost: -disabled-5c1d", "lost: [K]"},
		{"acme-disabled-5c1d0a", "ends with bled-5c1d0a", "ends with [K]"},
		{"acme-disabled-5c1d0a", "YWNtZS1kaXNhYmxlZC01YzFkMGE=", "[K]E="},
		{"acme-disabled-5c1d0a", "a0d1c5-delbasid-emca", "[K]"},
		// Only words, and long enough to be no word of another text.
		{"correct-horse-battery-staple", "wrong-horse-battery-life", "wrong-horse-battery-life"},
		{"correct-horse-battery-staple", "xcorrect-horse-battery-staplex", "x[K]x"},
		{"correct-horse-battery-staple", "correct-horse-battery-stapl", "[K]"},
		// A word: a key where it appears by itself.
		{"test", `{"message": "unknown key test"}`, `{"message": "unknown key [K]"}`},
		{"test", "key=test&latest=1, contest, test-1, my_test, /test/x, test.example", "key=[K]&latest=1, contest, test-1, my_test, /test/x, test.example"},
		{"test", "It is test. Test: TEST", "It is [K]. [K]: [K]"},
		{"test", `\u0074est`, `[K]`},
		{"test", `"%74%65%73%74"`, `"[K]"`},
		{"disabled", `{"key": "disabled", "url": "/b-disabled-user"}`, `{"key": "[K]", "url": "/b-disabled-user"}`},
		{"disabled", "64697361626c6564 ZGlzYWJsZWQ=", "[K] [K]Q="},
		{"admin", "GET http://admin:4010/b-disabled-user/v2/manufacturer HTTP", "GET http://admin:4010/b-disabled-user/v2/manufacturer HTTP"},
		{"admin", "administrator of http://other/admin", "administrator of http://other/admin"},
		{"acme-test", "acme-test-001 acme-test", "acme-test-001 [K]"},
		{"s3cr", "as3cret s3cr", "as3cret [K]"},
		// Random letters are found within words.
		{"xkqzvbnmwrtp", "axkqzvbnmwrtpb", "a[K]b"},
		{"QwErTyUiOpAs", "aQwErTyUiOpAsb", "a[K]b"},
	} {
		r := NewRedactor(nil)
		r.AllowURL(target)
		r.AddKey(c.key, "K")
		if got := r.Redact(c.text); got != c.want {
			t.Errorf("key %s: %q becomes %q, want %q", c.key, c.text, got, c.want)
		}
	}
}

// Our own sentences keep their words, and hide a key that they quote.
func TestRedactOwnSentences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, text, want string }{
		{"disabled", "the key is disabled: set NOX_DISABLED_API_KEY", "the key is disabled: set NOX_DISABLED_API_KEY"},
		{"disabled", `error "disabled" instead of "a \"disabled user"`, `error "[K]" instead of "a \"[K] user"`},
		{"admin", "302 Found to https://x.example/?key=admin", "302 Found to https://x.example/?key=[K]"},
		{"answer", "no response before the timeout", "no response before the timeout"},
		{"Kz7/Qvcanary+Wx", "no answer to Kz7/Qvcanary+Wx", "no answer to [K]"},
	} {
		r := NewRedactor(nil)
		r.AddKey(c.key, "K")
		if got := r.RedactOwn(c.text); got != c.want {
			t.Errorf("key %s: %q becomes %q, want %q", c.key, c.text, got, c.want)
		}
	}
}
