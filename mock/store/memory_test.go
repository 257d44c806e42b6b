package store_test

import (
	"testing"

	"nox.energy/contract/mock/store"
	"nox.energy/contract/mock/store/storetest"
)

func TestMemory(t *testing.T) { storetest.Run(t, store.NewMemory) }
