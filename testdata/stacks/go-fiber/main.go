// A server on Fiber, which is built on fasthttp instead of net/http. Paths match
// in any case, with or without a slash at the end, and a larger body is a 413.
package main

import (
	"errors"
	"log"
	"os"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/extractors"
	"github.com/gofiber/fiber/v3/middleware/keyauth"
	"github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/google/uuid"
)

var enabled = map[string]string{
	"acme-test-key-5c1d0a":   "acme",
	"globex-test-key-e83b27": "globex",
}

type user struct{ manufacturer, id string }

var users sync.Map // user → NOX ID

func connect(c fiber.Ctx) error {
	if !c.Is("json") {
		return fiber.NewError(fiber.StatusBadRequest, "Content-Type must be application/json")
	}
	var body struct {
		UserID *string `json:"user_id"`
	}
	if err := c.Bind().JSON(&body); err != nil || body.UserID == nil {
		return fiber.NewError(fiber.StatusBadRequest, "user_id is required and must be a string")
	}
	userID := strings.Clone(*body.UserID) // Fiber reuses its buffers
	if userID == "provoke-500" {
		panic("provoked")
	}
	id, _ := users.LoadOrStore(user{fiber.Locals[string](c, "manufacturer"), userID}, uuid.NewString())
	return c.Status(fiber.StatusCreated).JSON(fiber.Map{"manufacturer_user_id": userID, "nox_user_id": id})
}

// respondError gives the framework's errors the contract's shape.
func respondError(c fiber.Ctx, err error) error {
	status, message := fiber.StatusInternalServerError, "Internal server error"
	if fiberError := (*fiber.Error)(nil); errors.As(err, &fiberError) {
		status, message = fiberError.Code, fiberError.Message
	}
	return c.Status(status).JSON(fiber.Map{"error": message})
}

func main() {
	app := fiber.New(fiber.Config{ErrorHandler: respondError})
	app.Use(recover.New())
	app.Post("/v2/manufacturer/device-connections", keyauth.New(keyauth.Config{
		Extractor: extractors.FromHeader("x-api-key"),
		Validator: func(c fiber.Ctx, key string) (bool, error) {
			manufacturer, ok := enabled[key]
			fiber.Locals(c, "manufacturer", manufacturer)
			return ok, nil
		},
		ErrorHandler: func(fiber.Ctx, error) error {
			return fiber.NewError(fiber.StatusUnauthorized, "Invalid API key")
		},
	}), connect)
	log.Fatal(app.Listen("127.0.0.1:"+os.Getenv("PORT"), fiber.ListenConfig{DisableStartupMessage: true}))
}
