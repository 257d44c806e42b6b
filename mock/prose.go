package mock

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/internal/override"
	"nox.energy/contract/mock/store"
)

// This file holds what the contract says in prose and no schema can: it is the
// only place that names an operation or a property.
//
//   - manufacturer_user_id is "the manufacturer's user ID that was provided":
//     the user_id of the request, unchanged;
//   - nox_user_id is "the NOX subscriber ID (resolved or newly created)": one
//     user of one manufacturer has one, for ever.
//
// The third such sentence, "Missing or invalid API key, or manufacturer not
// enabled", is true of every operation that needs a key: see auth.go.
const (
	connectOperation = "createManufacturerDeviceConnection"
	providedProperty = "user_id"
	echoedProperty   = "manufacturer_user_id"
	resolvedProperty = "nox_user_id"
)

// connectRule makes connections. It applies to the operation above if the
// schemas have the properties that the prose is about.
type connectRule struct {
	operation *openapi.Operation
	store     store.Store
	ids       IDs
	mediaType string
	base      map[string]any // the response but for the two properties above
}

// newConnectRule returns the rule for the operation of a contract that it is
// about, nil if there is none.
func newConnectRule(contract *openapi.API, kept store.Store, ids IDs) *connectRule {
	op := contract.Operation(connectOperation)
	if op == nil || !op.TakesString(providedProperty) || !op.ReturnsString(echoedProperty) || !op.ReturnsString(resolvedProperty) {
		return nil
	}
	rule := &connectRule{operation: op, store: kept, ids: ids}
	rule.mediaType, rule.base = op.SmallestResponse()
	return rule
}

// appliesTo reports whether the mock keeps state for an operation.
func (rule *connectRule) appliesTo(op *openapi.Operation) bool {
	return rule != nil && rule.operation == op
}

// connect answers a valid request: the echo, and the user resolved or created.
func (rule *connectRule) connect(x *exchange, overrides bool) openapi.Response {
	op, who := x.operation, x.caller
	userID, err := provided(x.body)
	if err != nil {
		return op.Fail(http.StatusInternalServerError, "").Because("internal", err.Error())
	}
	var asked override.Outcome
	if overrides {
		asked, _ = override.Magic(op, userID)
	}
	if asked.Status != 0 {
		return op.Fail(asked.Status, "").Because("magic", "asked for by the user_id")
	}
	x.pause(asked.Delay)
	// Once begun, a connection is made even if the client has gone.
	c, created, err := rule.resolve(context.WithoutCancel(x.request.Context()), who.manufacturer, userID)
	if x.storeErr, x.stored = err, err == nil; err != nil {
		return op.Fail(http.StatusInternalServerError, "").Because("internal", "store: "+err.Error())
	}
	found := "resolved"
	if created {
		found = "created"
	}
	data, err := rule.body(userID, c.NoxUserID)
	if err != nil {
		return op.Fail(http.StatusInternalServerError, "").Because("internal", err.Error())
	}
	reason := found
	if asked.Delay > 0 {
		reason += ", after a delay of " + asked.Delay.String() + " that the user_id asked for"
	}
	if asked.Lost {
		x.delivery.kind = fault.Lost
		reason += ", then the response was lost, as the user_id asked for"
	}
	a := rule.response().Because(found, reason)
	a.Body = data
	return a
}

// response is the success response but for its body.
func (rule *connectRule) response() openapi.Response {
	return openapi.Response{Status: rule.operation.Success, MediaType: rule.mediaType}
}

// body is the body of the success response.
func (rule *connectRule) body(userID, noxUserID string) ([]byte, error) {
	response := make(map[string]any, len(rule.base)+2)
	for name, value := range rule.base {
		response[name] = value
	}
	response[echoedProperty] = userID
	response[resolvedProperty] = noxUserID
	return openapi.EncodeJSON(response)
}

// resolve finds a user, or creates it with the first id that is free.
func (rule *connectRule) resolve(ctx context.Context, manufacturer, userID string) (c store.Connection, created bool, err error) {
	for number := range maxIDs {
		var noxUserID string
		if noxUserID, err = rule.ids.newID(manufacturer, userID, number); err != nil {
			return store.Connection{}, false, err
		}
		c, created, err = rule.store.Connect(ctx, manufacturer, userID, noxUserID, time.Now())
		if conflict := (*store.ConflictError)(nil); !errors.As(err, &conflict) || !conflict.Taken {
			break
		}
	}
	return c, created, err
}

// userID is the manufacturer's user that a request is about, nil if the
// operation has no rule or the body does not tell.
func (rule *connectRule) userID(op *openapi.Operation, body []byte) *string {
	if !rule.appliesTo(op) {
		return nil
	}
	userID, err := provided(body)
	if err != nil {
		return nil
	}
	return &userID
}

// provided reads the manufacturer's user ID from a body that is valid.
func provided(body []byte) (string, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return "", err
	}
	var userID *string
	if err := json.Unmarshal(object[providedProperty], &userID); err != nil {
		return "", err
	}
	if userID == nil {
		return "", errors.New(providedProperty + " is null")
	}
	return *userID, nil
}
