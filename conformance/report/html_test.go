package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"nox.energy/contract/conformance"
)

// elements are what a page may be made of.
const elements = " html head meta title style body a header h1 h2 h3 h4 h5 span p strong ul ol li b main section div table thead tbody tr th td " +
	"svg desc text rect path details summary dl dt dd form label input fieldset legend button output figure figcaption blockquote code pre mark script "

// htmlWellFormed reads a page as a browser does and fails the test where it
// holds an element or attribute that the writer did not mean, two elements of
// one id, or a link that leads nowhere on the page.
func htmlWellFormed(t testing.TB, out []byte) {
	t.Helper()
	page, err := html.Parse(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	ids, scripts := map[string]bool{}, 0
	var links []string
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if !strings.Contains(elements, " "+n.Data+" ") {
			t.Errorf("html: an element %q", n.Data)
		}
		if n.Data == "script" {
			scripts++
		}
		for _, a := range n.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "src", a.Key == "action":
				t.Errorf("html: an attribute %s=%q", a.Key, a.Val)
			case a.Key == "id":
				if ids[a.Val] {
					t.Errorf("html: the id %q twice", a.Val)
				}
				ids[a.Val] = true
			case a.Key == "href":
				links = append(links, a.Val)
			}
		}
	}
	if scripts != 1 {
		t.Errorf("html: %d scripts", scripts)
	}
	for _, l := range links {
		if !strings.HasPrefix(l, "#") || !ids[l[1:]] {
			t.Errorf("html: a link to %q", l)
		}
	}
	if i := bytes.IndexFunc(out, func(r rune) bool { return r != '\n' && isUnseen(r) }); i >= 0 {
		t.Errorf("html: a character that does not show: %q", out[max(0, i-30):min(len(out), i+30)])
	}
}

func TestHTMLPolicyNamesItsOwnCode(t *testing.T) {
	out := string(write(t, "html", hostile("")))
	policy := regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]*)">`).FindStringSubmatch(out)
	if policy == nil {
		t.Fatal("no policy")
	}
	said := html.UnescapeString(policy[1])
	for _, element := range []string{"style", "script"} {
		_, rest, _ := strings.Cut(out, "<"+element+">")
		content, _, _ := strings.Cut(rest, "</"+element+">")
		sum := sha256.Sum256([]byte(content))
		if want := fmt.Sprintf("%s-src 'sha256-%s'", element, base64.StdEncoding.EncodeToString(sum[:])); !strings.Contains(said, want) {
			t.Errorf("the policy %s has not %s", said, want)
		}
	}
	if !strings.HasPrefix(said, "default-src 'none';") || strings.Contains(said, "unsafe") {
		t.Errorf("the policy is %s", said)
	}
}

// Links to checks are kept in tickets and chats: an id leads to its check.
func TestHTMLDeepLinks(t *testing.T) {
	r := violating()
	out := string(write(t, "html", r))
	for _, c := range r.Checks {
		if !strings.Contains(out, ` id="`+c.ID+`"`) {
			t.Errorf("no element has the id %s", c.ID)
		}
	}
}

func TestHTMLMarksDifferences(t *testing.T) {
	out := string(write(t, "html", violating()))
	for _, want := range []string{
		"nox_user_id is a <mark>string</mark>", "nox_user_id is a <mark>number</mark>", // in the facts
		"&#34;<mark>nox_user_id</mark>&#34;:0}",                                           // in the body
		"status <mark>401</mark> with an error body", "<b><mark>403</mark> Forbidden</b>", // in the response as well
	} {
		if !strings.Contains(out, want) {
			t.Errorf("there is no %s", want)
		}
	}
	r := violating()
	c := &r.Checks[1]
	c.Expected, c.Actual = "Content-Type: text/html", "Content-Type: application/json (3 of 3 responses)"
	if out := string(write(t, "html", r)); !strings.Contains(out, `Content-Type:</span> <mark>application/json</mark>`) {
		t.Error("a header that differs is not marked")
	}
	if strings.Contains(out, "<mark>there is none</mark>") {
		t.Error("texts that have nothing in common are marked")
	}
}

func TestHTMLOfSeveralOperations(t *testing.T) {
	r := violating()
	for i := range r.Checks {
		c := r.Checks[i]
		c.Operation, c.ID, c.Cause = "listDevices", strings.Replace(c.ID, operation, "listDevices", 1), ""
		r.Checks = append(r.Checks, c)
	}
	r.Responses = append(r.Responses, conformance.ResponseResult{Operation: "listDevices", Status: "default", Verdict: conformance.Conforms})
	out := write(t, "html", r)
	wellFormed(t, "html", out)
	if !bytes.Contains(out, []byte(`<text class="heading"`)) {
		t.Error("the picture does not name the operations")
	}
}
