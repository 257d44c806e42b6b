package runner_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/mock"
)

// A server is judged by the checks of the 401. The mock stands in for yours.
func Example() {
	m, err := mock.New(mock.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(m)
	defer server.Close()

	judging, err := runner.New(conformance.Config{
		Target: server.URL + m.BasePath(), // "https://auth.staging.example/v2"
		Keys:   conformance.Keys{Key: mock.DefaultManufacturers()[0].Keys[0]},
		Run:    []string{"401/*"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	result := judging.Run(context.Background())
	fmt.Println(result.Verdict)
	for _, c := range result.Checks {
		if c.Outcome == conformance.Fail {
			fmt.Printf("%s: expected %s, got %s\n", c.ID, c.Expected, c.Actual)
		}
	}
	// Output: conforms
}
