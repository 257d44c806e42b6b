package spec_test

import (
	"fmt"

	"nox.energy/contract/spec"
)

func ExampleDocument_Clause() {
	d, err := spec.Embedded()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Title(), d.Version(), d.BasePath())
	op := d.Operations()[0]
	fmt.Println(op.ID, op.Statuses)
	for _, pointer := range []string{
		op.Pointer + "/responses/401/description",
		op.Pointer + "/requestBody/content/application~1json/schema/required",
	} {
		c, err := d.Clause(pointer)
		fmt.Println(c.Line, c.Quote, err)
	}
	// Output:
	// NOX Authenticator API — Manufacturer 2.0.0 /v2
	// createManufacturerDeviceConnection [201 400 401 500]
	// 63 description: Missing or invalid API key, or manufacturer not enabled. <nil>
	// 84 required: [user_id] <nil>
}
