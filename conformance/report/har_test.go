package report_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
)

func TestHARHoldsEveryExchange(t *testing.T) {
	r := violating()
	r.Checks[1].Exchanges[0].Request.Body, r.Checks[1].Exchanges[0].Request.Base64 = base64.StdEncoding.EncodeToString([]byte("\xff\x00")), true
	p := r.Checks[1].Exchanges[0].Response
	p.Body, p.Size = "caf\xe9", 9000
	want := 0
	for _, c := range r.Checks {
		want += len(c.Exchanges)
	}
	var har struct {
		Log struct {
			Pages   []struct{ ID string }
			Entries []struct {
				Pageref string
				Request struct {
					URL      string
					BodySize int
					PostData struct {
						Text     string
						Encoding string `json:"_encoding"`
					}
				}
				Response struct {
					Status   int
					BodySize int64
					Content  struct {
						Text, Encoding string
						Size           int64
					}
					Error string `json:"_error"`
				}
			}
		}
	}
	if err := json.Unmarshal(write(t, "har", r), &har); err != nil {
		t.Fatal(err)
	}
	if len(har.Log.Entries) != want {
		t.Fatalf("%d entries for %d exchanges", len(har.Log.Entries), want)
	}
	pages := map[string]bool{}
	for _, p := range har.Log.Pages {
		pages[p.ID] = true
	}
	for _, e := range har.Log.Entries {
		if !pages[e.Pageref] {
			t.Errorf("the page %q is not there", e.Pageref)
		}
		if _, err := url.Parse(e.Request.URL); err != nil {
			t.Error(err)
		}
	}
	odd := har.Log.Entries[1]
	if odd.Request.PostData.Text != "/wA=" || odd.Request.PostData.Encoding != "base64" || odd.Request.BodySize != 2 {
		t.Errorf("the request body is %+v", odd.Request)
	}
	if c := odd.Response.Content; c.Encoding != "base64" || c.Text != base64.StdEncoding.EncodeToString([]byte("caf\xe9")) || c.Size != 9000 {
		t.Errorf("the response body is %+v", c)
	}
	if lost := har.Log.Entries[4]; lost.Response.Status != 0 || !strings.Contains(lost.Response.Error, "refused") {
		t.Errorf("the answer that never came is %+v", lost.Response)
	}
}
