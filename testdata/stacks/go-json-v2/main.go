// A server on net/http and json/v2, the next encoding/json: property names must
// match exactly, and it refuses duplicate names, invalid UTF-8 and trailing text.
package main

import (
	"log"
	"mime"
	"net/http"
	"os"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

type request struct {
	UserID *string `json:"user_id"`
}

type response struct {
	ManufacturerUserID string `json:"manufacturer_user_id"`
	NOXUserID          string `json:"nox_user_id"`
}

type errorResponse struct {
	Error string `json:"error"`
}

var enabled = map[string]string{
	"acme-test-key-5c1d0a":   "acme",
	"globex-test-key-e83b27": "globex",
}

type user struct{ manufacturer, id string }

var users sync.Map // user → NOX ID

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.MarshalWrite(w, body); err != nil {
		log.Print(err)
	}
}

func connect(w http.ResponseWriter, r *http.Request) {
	manufacturer, ok := enabled[r.Header.Get("X-Api-Key")]
	if !ok {
		respond(w, http.StatusUnauthorized, errorResponse{"Invalid API key"})
		return
	}
	if mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mediaType != "application/json" {
		respond(w, http.StatusBadRequest, errorResponse{"Content-Type must be application/json"})
		return
	}
	var body request
	if err := json.UnmarshalRead(http.MaxBytesReader(w, r.Body, 1<<20), &body); err != nil {
		respond(w, http.StatusBadRequest, errorResponse{err.Error()})
		return
	}
	if body.UserID == nil {
		respond(w, http.StatusBadRequest, errorResponse{"user_id is required and must be a string"})
		return
	}
	if *body.UserID == "provoke-500" {
		panic("provoked")
	}
	id, _ := users.LoadOrStore(user{manufacturer, *body.UserID}, uuid.NewString())
	respond(w, http.StatusCreated, response{*body.UserID, id.(string)})
}

func recovered(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				respond(w, http.StatusInternalServerError, errorResponse{"Internal server error"})
			}
		}()
		next(w, r)
	}
}

func main() {
	http.HandleFunc("POST /v2/manufacturer/device-connections", recovered(connect))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
