package mock_test

import (
	"fmt"
	"strings"
	"testing"

	"nox.energy/contract/mock/internal/clienttest"
	"nox.energy/contract/mock/mocktest"
)

func TestNearMissesOfAKey(t *testing.T) {
	s := mocktest.NewServer(t)
	for i := range len(s.APIKey) {
		for _, key := range []string{s.APIKey[:i], s.APIKey[i+1:], s.APIKey[:i] + "_" + s.APIKey[i+1:], s.APIKey + s.APIKey[:i+1]} {
			if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, clienttest.Good(s, "X-I", fmt.Sprint(i)), strings.NewReader(clienttest.ValidBody)); r.Status != 201 {
				t.Fatalf("the key itself: status %d", r.Status)
			}
			h := clienttest.Good(s)
			h.Set("x-api-key", key)
			if r := clienttest.Do(t, s, "POST", clienttest.ConnectPath, h, strings.NewReader(clienttest.ValidBody)); r.Status != 401 {
				t.Errorf("key %q: status %d", key, r.Status)
			}
		}
	}
}
