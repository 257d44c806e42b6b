package mocktest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"nox.energy/contract/mock/mocktest"
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
