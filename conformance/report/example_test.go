package report_test

import (
	"fmt"
	"os"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/report"
)

func ExampleText() {
	r := &conformance.Result{
		Target: "http://127.0.0.1:4010/v2", Verdict: conformance.Conforms, Requests: 214, DurationMS: 312,
		Contract: conformance.Contract{Title: "NOX Authenticator API — Manufacturer", Version: "2.0.0"},
		Summary:  conformance.Summary{Pass: 181},
		Responses: []conformance.ResponseResult{
			{Operation: "createManufacturerDeviceConnection", Status: "201", Exchanges: 96, Verdict: conformance.Conforms, Latency: &conformance.Latency{P50: 0.4, P99: 2.1}},
			{Operation: "createManufacturerDeviceConnection", Status: "500", Verdict: conformance.NotExercised},
		},
	}
	if err := report.Text(os.Stdout, r, report.TextOptions{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	//   createManufacturerDeviceConnection/201   conforms        96 exchanges   p50 0.4 ms   p99 2.1 ms
	//   createManufacturerDeviceConnection/500   not exercised    0 exchanges
	//
	// CONFORMS  http://127.0.0.1:4010/v2 against NOX Authenticator API — Manufacturer 2.0.0 (181 passed; 214 requests in 0.3 s); not exercised: 500
}

func ExampleWrite() {
	err := report.Write(os.Stdout, "jnit", &conformance.Result{})
	sentence, _, _ := strings.Cut(err.Error(), " The formats are ")
	fmt.Println(sentence)
	// Output:
	// unknown report format "jnit"; did you mean "junit"?
}
