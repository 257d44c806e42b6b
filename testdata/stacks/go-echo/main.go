// A server on Echo, with its binder and its key authentication. The binder
// refuses a media type that is not in lower case.
package main

import (
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/google/uuid"
	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"
)

var enabled = map[string]string{
	"acme-test-key-5c1d0a":   "acme",
	"globex-test-key-e83b27": "globex",
}

type user struct{ manufacturer, id string }

var users sync.Map // user → NOX ID

func connect(c *echo.Context) error {
	var body struct {
		UserID *string `json:"user_id"`
	}
	if err := c.Bind(&body); err != nil || body.UserID == nil {
		return echo.NewHTTPError(http.StatusBadRequest, "user_id is required and must be a string")
	}
	if *body.UserID == "provoke-500" {
		panic("provoked")
	}
	id, _ := users.LoadOrStore(user{c.Get("manufacturer").(string), *body.UserID}, uuid.NewString())
	return c.JSON(http.StatusCreated, map[string]any{"manufacturer_user_id": *body.UserID, "nox_user_id": id})
}

// respondError gives the framework's errors the contract's shape.
func respondError(c *echo.Context, err error) {
	status, message := http.StatusInternalServerError, "Internal server error"
	if code := echo.StatusCode(err); code != 0 {
		status, message = code, http.StatusText(code)
	}
	if httpError := (*echo.HTTPError)(nil); errors.As(err, &httpError) && httpError.Message != "" {
		message = httpError.Message
	}
	c.JSON(status, map[string]string{"error": message})
}

func main() {
	e := echo.New()
	e.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	e.HTTPErrorHandler = respondError
	e.Use(middleware.Recover(), middleware.BodyLimit(1<<20))
	e.POST("/v2/manufacturer/device-connections", connect, middleware.KeyAuthWithConfig(middleware.KeyAuthConfig{
		KeyLookup: "header:x-api-key",
		Validator: func(c *echo.Context, key string, _ middleware.ExtractorSource) (bool, error) {
			manufacturer, ok := enabled[key]
			c.Set("manufacturer", manufacturer)
			return ok, nil
		},
		ErrorHandler: func(*echo.Context, error) error {
			return echo.NewHTTPError(http.StatusUnauthorized, "Invalid API key")
		},
	}))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), e))
}
