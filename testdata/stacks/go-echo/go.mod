module stacks.test/echo

go 1.26

require (
	github.com/google/uuid v1.6.0
	github.com/labstack/echo/v5 v5.4.4
)

require golang.org/x/time v0.15.0 // indirect
