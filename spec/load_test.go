package spec_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nox.energy/contract/spec"
)

// A password in a URL is in no message and in no report.
func TestLoadKeepsPasswords(t *testing.T) {
	t.Parallel()
	embedded, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "hunter2" || r.URL.Path != "/contract.yaml" {
			http.NotFound(w, r)
			return
		}
		w.Write(embedded.Bytes())
	}))
	defer srv.Close()
	base := strings.Replace(srv.URL, "http://", "http://reader:hunter2@", 1)
	d, err := spec.Load(t.Context(), base+"/contract.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(d.Source(), "hunter2") || !strings.Contains(d.Source(), "/contract.yaml") {
		t.Errorf("the source is %q", d.Source())
	}
	if _, err := spec.Load(t.Context(), base+"/other.yaml", nil); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error is %v", err)
	}
}
