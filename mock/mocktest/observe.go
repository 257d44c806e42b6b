package mocktest

import (
	"context"
	"errors"
	"testing"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/journal"
	"nox.energy/contract/mock/scorecard"
)

// Fail puts a fault into force until the test ends. Without a manufacturer it
// is for the one of APIKey. A fault that cannot be set fails the test.
func (s *Server) Fail(tb testing.TB, f fault.Fault) fault.Fault {
	tb.Helper()
	set, err := s.SetFault(f)
	if err != nil {
		tb.Fatalf("mocktest: %v", err)
	}
	tb.Cleanup(func() { s.Mock.RemoveFault(set.ID) })
	return set
}

// SetFault puts a fault into force, as Fail does, where there is no test to
// speak of.
func (s *Server) SetFault(f fault.Fault) (fault.Fault, error) {
	if f.Manufacturer == "" {
		f.Manufacturer = s.manufacturer
	}
	return s.Mock.SetFault(context.Background(), f)
}

// Journal returns the exchanges that q selects, oldest first. The zero query
// selects all.
func (s *Server) Journal(q journal.Query) []journal.Entry {
	return s.Mock.Journal().List(q).Entries
}

// Verify fails the test, without ending it, if the server was not asked as
// expected. It names the nearest miss.
func (s *Server) Verify(tb testing.TB, x journal.Expectation) {
	tb.Helper()
	if err := s.Check(x); err != nil {
		tb.Errorf("mocktest: %v", err)
	}
}

// Check tells whether the server was asked as expected; if not, the error names
// the nearest miss.
func (s *Server) Check(x journal.Expectation) error {
	if err := x.Check(); err != nil {
		return err
	}
	v := s.Mock.Journal().Verify(x)
	if v.Met {
		return nil
	}
	return errors.New(v.Error())
}

// Scorecard tells which documented responses the client has met, and which
// mistakes it made. No more requests are expected.
func (s *Server) Scorecard() scorecard.Card { return s.Mock.Scorecard(nil, nil, true) }
