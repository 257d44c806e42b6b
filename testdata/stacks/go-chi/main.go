// A server on chi, whose middleware finds the manufacturer and recovers from
// panics. It reads the whole body before json.Unmarshal, which refuses trailing
// text but matches property names in any case and replaces invalid UTF-8.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"mime"
	"net/http"
	"os"
	"sync"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

var enabled = map[string]string{
	"acme-test-key-5c1d0a":   "acme",
	"globex-test-key-e83b27": "globex",
}

type manufacturerKey struct{}

type user struct{ manufacturer, id string }

var users sync.Map // user → NOX ID

func respond(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func respondError(w http.ResponseWriter, status int, message string) {
	respond(w, status, map[string]string{"error": message})
}

func recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				respondError(w, http.StatusInternalServerError, "Internal server error")
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		manufacturer, ok := enabled[r.Header.Get("X-Api-Key")]
		if !ok {
			respondError(w, http.StatusUnauthorized, "Invalid API key")
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), manufacturerKey{}, manufacturer)))
	})
}

func requireJSON(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
			respondError(w, http.StatusBadRequest, "Content-Type must be application/json")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func connect(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		respondError(w, http.StatusBadRequest, "the body is too large or incomplete")
		return
	}
	var body struct {
		UserID *string `json:"user_id"`
	}
	if err := json.Unmarshal(data, &body); err != nil || body.UserID == nil {
		respondError(w, http.StatusBadRequest, "user_id is required and must be a string")
		return
	}
	if *body.UserID == "provoke-500" {
		panic("provoked")
	}
	manufacturer := r.Context().Value(manufacturerKey{}).(string)
	id, _ := users.LoadOrStore(user{manufacturer, *body.UserID}, uuid.NewString())
	respond(w, http.StatusCreated, map[string]string{"manufacturer_user_id": *body.UserID, "nox_user_id": id.(string)})
}

func main() {
	r := chi.NewRouter()
	r.Use(recoverer)
	r.Route("/v2", func(r chi.Router) {
		r.With(authenticate, requireJSON).Post("/manufacturer/device-connections", connect)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), r))
}
