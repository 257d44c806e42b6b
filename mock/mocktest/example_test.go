package mocktest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/mocktest"
	"nox.energy/contract/mock/scorecard"
	"nox.energy/contract/mock/store"
)

// The user of one manufacturer, asked for twice, is one NOX user. In a test,
// NewServer(t) starts the server and closes it.
func Example() {
	server, err := mocktest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	for range 2 {
		fmt.Println(connect(server, `{"user_id":"customer-7"}`))
	}
	fmt.Println(connect(server, `{"user_id":7}`))
	fmt.Println(connect(server, `{"user_id":"nox-mock:500"}`))
	// Output:
	// 201 {"manufacturer_user_id":"customer-7","nox_user_id":"288b86eb-d173-5d36-ac0e-089d8d2e0ecb"}
	// 201 {"manufacturer_user_id":"customer-7","nox_user_id":"288b86eb-d173-5d36-ac0e-089d8d2e0ecb"}
	// 400 {"error":"user_id is required and must be a string"}
	// 500 {"error":"Internal server error"}
}

func connect(server *mocktest.Server, body string) string {
	req, err := http.NewRequest("POST", server.URL+"/manufacturer/device-connections", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("x-api-key", server.APIKey)
	req.Header.Set("Content-Type", "application/json")
	resp, err := server.Client().Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, answer)
}

// A test of a client that retries: two failures, then what it made of them.
func ExampleServer_Fail() {
	testClient := func(t *testing.T) {
		server := mocktest.NewServer(t)
		server.Fail(t, fault.Fault{Kind: fault.Status, Status: 503, Times: 2}.WithRetryAfter(time.Second))
		server.Fail(t, fault.Fault{Kind: fault.Lost, Times: 1}.ForUser("customer-8"))

		// … let your client connect customer-7 and customer-8 …

		server.Verify(t, journal.Expectation{Status: 201}.ForUser("customer-7").Exactly(1))
		for _, mistake := range server.Scorecard().In(scorecard.Made) {
			t.Errorf("%s: %s; %s", mistake.Name, mistake.Summary, mistake.Advice)
		}
	}
	_ = testClient
}

// A server may begin with users, and with manufacturers of its own.
func ExampleWithConfig() {
	server, err := mocktest.Start(mocktest.WithConfig(mock.Config{
		Manufacturers: []store.Manufacturer{{Name: "umbrella", Keys: []string{"umbrella-key-1"}, Enabled: true}},
		Connections:   []store.Connection{{Manufacturer: "umbrella", UserID: "customer-7", NoxUserID: "nox-1"}},
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	fmt.Println(connect(server, `{"user_id":"customer-7"}`))
	// Output: 201 {"manufacturer_user_id":"customer-7","nox_user_id":"nox-1"}
}

// A handler around the mock sees every request.
func ExampleWithWrapper() {
	n := 0
	server, err := mocktest.Start(mocktest.WithWrapper(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n++
			next.ServeHTTP(w, r)
		})
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	connect(server, `{"user_id":"customer-7"}`)
	fmt.Println(n)
	// Output: 1
}
