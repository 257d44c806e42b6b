// A server behind oapi-codegen's validation middleware, which reads the contract
// itself, with kin-openapi. Text behind the JSON value is accepted.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/google/uuid"
	middleware "github.com/oapi-codegen/nethttp-middleware"
)

var enabled = map[string]string{
	"acme-test-key-5c1d0a":   "acme",
	"globex-test-key-e83b27": "globex",
}

type user struct{ manufacturer, id string }

var users sync.Map // user → NOX ID

func respond(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

func authenticate(_ context.Context, input *openapi3filter.AuthenticationInput) error {
	if _, ok := enabled[input.RequestValidationInput.Request.Header.Get("X-Api-Key")]; !ok {
		return errors.New("Invalid API key")
	}
	return nil
}

// respondError gives the middleware's errors the contract's status and shape.
func respondError(_ context.Context, err error, w http.ResponseWriter, _ *http.Request, opts middleware.ErrorHandlerOpts) {
	status, message := opts.StatusCode, err.Error()
	var unauthenticated *openapi3filter.SecurityRequirementsError
	var invalid *openapi3filter.RequestError
	switch {
	case errors.As(err, &unauthenticated):
		status, message = http.StatusUnauthorized, "Invalid API key"
	case errors.As(err, &invalid):
		status = http.StatusBadRequest
	}
	respond(w, status, map[string]string{"error": message})
}

func connect(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if recover() != nil {
			respond(w, http.StatusInternalServerError, map[string]string{"error": "Internal server error"})
		}
	}()
	var body struct {
		UserID string `json:"user_id"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		respond(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	if body.UserID == "provoke-500" {
		panic("provoked")
	}
	id, _ := users.LoadOrStore(user{enabled[r.Header.Get("X-Api-Key")], body.UserID}, uuid.NewString())
	respond(w, http.StatusCreated, map[string]string{"manufacturer_user_id": body.UserID, "nox_user_id": id.(string)})
}

func main() {
	contract, err := openapi3.NewLoader().LoadFromFile("build/openapi.yaml")
	if err != nil {
		log.Fatal(err)
	}
	contract.Servers = openapi3.Servers{{URL: "/v2"}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/manufacturer/device-connections", connect)
	validate := middleware.OapiRequestValidatorWithOptions(contract, &middleware.Options{
		Options:               openapi3filter.Options{AuthenticationFunc: authenticate},
		ErrorHandlerWithOpts:  respondError,
		SilenceServersWarning: true,
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), validate(mux)))
}
