// A server on Huma, which derives its validation from Go types. It refuses
// properties that the schema does not name and a media type that is not in lower
// case, and adds a property $schema to each response.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
)

var enabled = map[string]string{
	"acme-test-key-5c1d0a":   "acme",
	"globex-test-key-e83b27": "globex",
}

type manufacturerKey struct{}

type user struct{ manufacturer, id string }

var users sync.Map // user → NOX ID

type request struct {
	Body struct {
		UserID string `json:"user_id" doc:"The manufacturer's internal user ID"`
	}
}

type response struct {
	Body struct {
		ManufacturerUserID string `json:"manufacturer_user_id"`
		NOXUserID          string `json:"nox_user_id"`
	}
}

// errorResponse is the contract's error, in the place of Huma's problem details.
type errorResponse struct {
	status  int
	Message string `json:"error"`
}

func (e *errorResponse) Error() string  { return e.Message }
func (e *errorResponse) GetStatus() int { return e.status }

func newError(status int, message string, _ ...error) huma.StatusError {
	if status == http.StatusUnprocessableEntity || status == http.StatusUnsupportedMediaType {
		status = http.StatusBadRequest
	}
	return &errorResponse{status, message}
}

func connect(ctx context.Context, in *request) (*response, error) {
	if in.Body.UserID == "provoke-500" {
		panic("provoked")
	}
	id, _ := users.LoadOrStore(user{ctx.Value(manufacturerKey{}).(string), in.Body.UserID}, uuid.NewString())
	out := &response{}
	out.Body.ManufacturerUserID, out.Body.NOXUserID = in.Body.UserID, id.(string)
	return out, nil
}

func main() {
	huma.NewError = newError
	mux := http.NewServeMux()
	api := humago.NewWithPrefix(mux, "/v2", huma.DefaultConfig("NOX Authenticator API", "2.0.0"))
	api.UseMiddleware(func(ctx huma.Context, next func(huma.Context)) {
		defer func() {
			if recover() != nil {
				huma.WriteErr(api, ctx, http.StatusInternalServerError, "Internal server error")
			}
		}()
		manufacturer, ok := enabled[ctx.Header("x-api-key")]
		if !ok {
			huma.WriteErr(api, ctx, http.StatusUnauthorized, "Invalid API key")
			return
		}
		next(huma.WithValue(ctx, manufacturerKey{}, manufacturer))
	})
	huma.Register(api, huma.Operation{
		OperationID:   "createManufacturerDeviceConnection",
		Method:        http.MethodPost,
		Path:          "/manufacturer/device-connections",
		DefaultStatus: http.StatusCreated,
	}, connect)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}
