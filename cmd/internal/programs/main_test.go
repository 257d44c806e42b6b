package programs_test

import (
	"log"
	"os"
	"testing"
)

// TestMain runs the tests in the root of the repository, as they start programs
// and scripts by their paths from there.
func TestMain(m *testing.M) {
	if err := os.Chdir("../../.."); err != nil {
		log.Fatal(err)
	}
	os.Exit(m.Run())
}
