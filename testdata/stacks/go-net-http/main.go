// A server on net/http and encoding/json, with nothing from elsewhere. Its
// Decoder stops behind the first value, so it accepts text that follows, and it
// matches property names in any case and replaces invalid UTF-8.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log"
	"mime"
	"net/http"
	"os"
	"sync"
)

var enabled = map[string]string{
	"acme-test-key-5c1d0a":   "acme",
	"globex-test-key-e83b27": "globex",
}

type user struct{ manufacturer, id string }

var (
	mu    sync.Mutex
	users = map[user]string{}
)

// noxUserID returns the NOX ID of a user, and creates it the first time.
func noxUserID(u user) string {
	mu.Lock()
	defer mu.Unlock()
	id, ok := users[u]
	if !ok {
		var b [16]byte
		rand.Read(b[:])
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		id = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
		users[u] = id
	}
	return id
}

func respond(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func respondError(w http.ResponseWriter, status int, message string) {
	respond(w, status, map[string]string{"error": message})
}

func connect(w http.ResponseWriter, r *http.Request) {
	manufacturer, ok := enabled[r.Header.Get("X-Api-Key")]
	if !ok {
		respondError(w, http.StatusUnauthorized, "Invalid API key")
		return
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		respondError(w, http.StatusBadRequest, "Content-Type must be application/json")
		return
	}
	var body struct {
		UserID *string `json:"user_id"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body)
	if err != nil || body.UserID == nil {
		respondError(w, http.StatusBadRequest, "user_id is required and must be a string")
		return
	}
	if *body.UserID == "provoke-500" {
		panic("provoked")
	}
	respond(w, http.StatusCreated, map[string]string{
		"manufacturer_user_id": *body.UserID,
		"nox_user_id":          noxUserID(user{manufacturer, *body.UserID}),
	})
}

// recovered answers a panic with 500.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				respondError(w, http.StatusInternalServerError, "Internal server error")
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func main() {
	http.HandleFunc("POST /v2/manufacturer/device-connections", connect)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), recovered(http.DefaultServeMux)))
}
