package fault_test

import (
	"encoding/json"
	"fmt"
	"time"

	"nox.energy/contract/mock/fault"
)

// Two responses are a 503 that asks for patience, for one user.
func ExampleFault_ForUser() {
	f := fault.Fault{Kind: fault.Status, Status: 503, Times: 2}.ForUser("customer-7").WithRetryAfter(2 * time.Second)
	fmt.Println(*f.UserID, f.Status, *f.RetryAfter)
	// Output: customer-7 503 2
}

func ExampleFault_WithRetryAfter() {
	f := fault.Fault{Kind: fault.Status, Status: 429}.WithRetryAfter(time.Minute)
	fmt.Println(*f.RetryAfter)
	// Output: 60
}

func ExampleFault_WithBody() {
	f := fault.Fault{Kind: fault.Status, Status: 404}.WithBody("text/plain", "no route")
	fmt.Println(f.MediaType, *f.Body)
	// Output: text/plain no route
}

func ExampleFault_WithDelay() {
	f := fault.Fault{Kind: fault.Lost}.WithDelay(200 * time.Millisecond)
	delay, _ := json.Marshal(f.Delay)
	fmt.Println(string(delay))
	// Output: {"ms":200}
}
