package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
)

// bare is the least that net/http can do for the contract: it checks the key,
// keeps state, echoes.
type bare struct {
	mu    sync.Mutex
	users map[string]string
}

func (b *bare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v2/manufacturer/device-connections" || r.Method != http.MethodPost {
		b.reply(w, http.StatusNotFound, map[string]string{"error": "Not found"})
		return
	}
	if r.Header.Get("X-Api-Key") != testKey {
		b.reply(w, http.StatusUnauthorized, map[string]string{"error": "Invalid API key"})
		return
	}
	var body struct {
		UserID *string `json:"user_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.UserID == nil {
		b.reply(w, http.StatusBadRequest, map[string]string{"error": "user_id is required and must be a string"})
		return
	}
	b.mu.Lock()
	id, known := b.users[*body.UserID]
	if !known {
		id = rand.Text()
		b.users[*body.UserID] = id
	}
	b.mu.Unlock()
	b.reply(w, http.StatusCreated, map[string]string{"manufacturer_user_id": *body.UserID, "nox_user_id": id})
}

func (b *bare) reply(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error means that the client is gone
}

func serveBare() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, &bare{users: map[string]string{}})
}
