// A server on Gin. Context.ContentType leaves the media type in the case in which
// it was sent, and ShouldBindJSON accepts text behind the first value.
package main

import (
	"log"
	"net/http"
	"os"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

type request struct {
	UserID *string `json:"user_id" binding:"required"`
}

var enabled = map[string]string{
	"acme-test-key-5c1d0a":   "acme",
	"globex-test-key-e83b27": "globex",
}

type user struct{ manufacturer, id string }

var users sync.Map // user → NOX ID

func authenticate(c *gin.Context) {
	manufacturer, ok := enabled[c.GetHeader("X-Api-Key")]
	if !ok {
		c.AbortWithStatusJSON(http.StatusUnauthorized, gin.H{"error": "Invalid API key"})
		return
	}
	c.Set("manufacturer", manufacturer)
}

func connect(c *gin.Context) {
	if c.ContentType() != gin.MIMEJSON {
		c.JSON(http.StatusBadRequest, gin.H{"error": "Content-Type must be application/json"})
		return
	}
	var body request
	if err := c.ShouldBindJSON(&body); err != nil {
		c.JSON(http.StatusBadRequest, gin.H{"error": "user_id is required and must be a string"})
		return
	}
	if *body.UserID == "provoke-500" {
		panic("provoked")
	}
	id, _ := users.LoadOrStore(user{c.GetString("manufacturer"), *body.UserID}, uuid.NewString())
	c.JSON(http.StatusCreated, gin.H{"manufacturer_user_id": *body.UserID, "nox_user_id": id})
}

func main() {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.Use(gin.CustomRecoveryWithWriter(nil, func(c *gin.Context, _ any) {
		c.AbortWithStatusJSON(http.StatusInternalServerError, gin.H{"error": "Internal server error"})
	}))
	r.NoRoute(func(c *gin.Context) { c.JSON(http.StatusNotFound, gin.H{"error": "Not found"}) })
	r.NoMethod(func(c *gin.Context) { c.JSON(http.StatusMethodNotAllowed, gin.H{"error": "Method not allowed"}) })
	r.Group("/v2", authenticate).POST("/manufacturer/device-connections", connect)
	log.Fatal(r.Run("127.0.0.1:" + os.Getenv("PORT")))
}
