package mock_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"nox.energy/contract/mock"
	"nox.energy/contract/mock/internal/clienttest"
)

// BenchmarkConnect is one valid request without the network.
func BenchmarkConnect(b *testing.B) {
	m, err := mock.New(mock.Config{})
	if err != nil {
		b.Fatal(err)
	}
	header := clienttest.Headers("x-api-key", mock.DefaultManufacturers()[0].Keys[0], "Content-Type", "application/json")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/v2"+clienttest.ConnectPath, strings.NewReader(clienttest.ValidBody))
		r.Header = header
		w := httptest.NewRecorder()
		m.ServeHTTP(w, r)
		if w.Code != 201 {
			b.Fatal(w.Code)
		}
	}
}

// BenchmarkNew is the start of a mock.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mock.New(mock.Config{}); err != nil {
			b.Fatal(err)
		}
	}
}
