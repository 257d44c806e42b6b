package defect_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"nox.energy/contract/mock/defect"
)

func Example() {
	sound := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"manufacturer_user_id":"Ada","nox_user_id":"n-17"}`)
	})
	d, err := defect.Find("echo-lower-cased")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(d.Wrap(sound))
	defer server.Close()
	resp, err := http.Post(server.URL+"/v2/manufacturer/device-connections", "application/json", strings.NewReader(`{"user_id":"Ada"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Printf("%s\n%d %s\ncaught by %s\n", d.Summary, resp.StatusCode, body, d.Caught)
	// Output:
	// The echo is in lower case.
	// 201 {"manufacturer_user_id":"ada","nox_user_id":"n-17"}
	// caught by 201/echo-case
}
