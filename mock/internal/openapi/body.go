package openapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"nox.energy/contract/mock/journal"
)

// Problem says what is wrong with a request. words never repeat what was sent.
type Problem struct {
	Message          string
	property         string // of the body, where the problem is about one
	absentOrMistyped bool   // the property is missing or of another JSON type
	Close            bool   // the rest of the body is not waited for
	Reason           journal.Why
}

// why is what the journal has of it.
func (p *Problem) why() journal.Why {
	why := p.Reason
	why.Reason = p.Message
	if why.Rule == "" {
		why.Rule = "contract"
	}
	return why
}

func (p *Problem) Error() string { return p.Message }

// ReadBody returns the body of a request, which fits the declared media types,
// the limit and the time, and is well formed if it is JSON. Beside an error, which
// is a *problem, it returns as much as it has read; complete reports whether that
// is the whole body.
func (a *API) ReadBody(w http.ResponseWriter, r *http.Request, op *Operation) (data []byte, complete bool, err error) {
	complete = r.Body == nil || r.Body == http.NoBody
	declared := op.route.Operation.RequestBody
	if declared == nil || declared.Value == nil {
		return nil, complete, nil // what is not declared is not looked at
	}
	if r.ContentLength == 0 && len(r.Header.Values("Content-Type")) == 0 && !declared.Value.Required {
		return nil, complete, nil
	}
	if err := a.checkMediaType(op, r); err != nil {
		return nil, complete, err
	}
	if !complete {
		if data, err = a.receive(w, r); err != nil {
			return data, false, err
		}
	}
	if len(data) > 0 && isJSON(r.Header.Get("Content-Type")) {
		err = checkJSON(data)
	}
	return data, true, err
}

func (a *API) checkMediaType(op *Operation, r *http.Request) error {
	content := op.route.Operation.RequestBody.Value.Content
	sent := r.Header.Values("Content-Type")
	if len(content) > 0 && (len(sent) != 1 || sent[0] == "" || content.Get(sent[0]) == nil) {
		var expected []string
		for name := range content {
			expected = append(expected, name)
		}
		p := &Problem{Message: "Content-Type must be " + alternatives(expected), Close: r.ContentLength > a.MaxBody}
		p.Reason = journal.Why{Rule: "media-type", In: "header", Pointer: "Content-Type", Got: described(sent), Expected: alternatives(expected)}
		return p
	}
	for _, coding := range r.Header.Values("Content-Encoding") {
		if !strings.EqualFold(strings.TrimSpace(coding), "identity") {
			p := &Problem{Message: "Content-Encoding is not supported", Close: r.ContentLength > a.MaxBody}
			p.Reason = journal.Why{Rule: "content-encoding", In: "header", Pointer: "Content-Encoding", Got: described([]string{coding}), Expected: "none"}
			return p
		}
	}
	return nil
}

// receive reads the whole body within the limits of size and time.
func (a *API) receive(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	tooLarge := &Problem{Message: fmt.Sprintf("The request body is larger than %d bytes", a.MaxBody), Close: true}
	tooLarge.Reason = journal.Why{Rule: "body.too-large", In: "body", Got: "more", Expected: fmt.Sprintf("at most %d bytes", a.MaxBody)}
	if r.ContentLength > a.MaxBody {
		return nil, tooLarge
	}
	done := a.limitTime(w, r)
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.MaxBody))
	done(err == nil)
	var tooMany *http.MaxBytesError
	switch {
	case errors.As(err, &tooMany):
		return data, tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return data, &Problem{Message: "The request body did not arrive in time", Close: true, Reason: journal.Why{Rule: "body.too-slow", In: "body", Got: "a part", Expected: "all within " + a.BodyTimeout.String()}}
	case err != nil:
		return data, &Problem{Message: "The request body is incomplete", Close: true, Reason: journal.Why{Rule: "body.incomplete", In: "body", Got: "a part", Expected: "the whole body"}}
	}
	return data, nil
}

// bodyGrace is what a body may still take once the server is told to stop.
const bodyGrace = 250 * time.Millisecond

// limitTime sets the deadline for the body, and a closer one when the request's
// context ends. done takes it back if all was read; otherwise it stays, so that
// the server does not wait for the rest either. A writer that has no deadlines
// is left alone.
func (a *API) limitTime(w http.ResponseWriter, r *http.Request) (done func(all bool)) {
	control := http.NewResponseController(w)
	if control.SetReadDeadline(time.Now().Add(a.BodyTimeout)) != nil {
		return func(bool) {}
	}
	cancel := context.AfterFunc(r.Context(), func() { control.SetReadDeadline(time.Now().Add(bodyGrace)) })
	return func(all bool) {
		if cancel(); all {
			control.SetReadDeadline(time.Time{})
		}
	}
}

// checkJSON tells whether data is one JSON text (RFC 8259) in UTF-8, with
// nothing around it but white space, no surrogate alone and no property twice.
func checkJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("\ufeff")) {
		return &Problem{Message: "The request body starts with a byte order mark", Reason: journal.Why{Rule: "json.byte-order-mark", In: "body", Got: "a byte order mark", Expected: "JSON"}}
	}
	decoder := jsontext.NewDecoder(bytes.NewReader(data))
	err := decoder.SkipValue()
	if err == nil {
		if _, err = decoder.ReadToken(); err == io.EOF {
			return nil
		}
		if err == nil {
			return &Problem{Message: "The request body goes on after its JSON value", Reason: journal.Why{Rule: "json.trailing", In: "body", Got: "more behind it", Expected: "one JSON value"}}
		}
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return &Problem{Message: "The request body has a property twice", Reason: journal.Why{Rule: "json.duplicate", In: "body", Pointer: string(decoder.StackPointer()), Got: "twice", Expected: "once"}}
	}
	return &Problem{
		Message: fmt.Sprintf("The request body is not valid JSON in UTF-8 (near byte %d)", decoder.InputOffset()),
		Reason:  journal.Why{Rule: "json.syntax", In: "body", Got: fmt.Sprintf("something else near byte %d", decoder.InputOffset()), Expected: "JSON in UTF-8"},
	}
}

// described describes the values of a header field for the journal.
func described(values []string) string {
	switch {
	case len(values) == 0:
		return "nothing"
	case len(values) > 1:
		return fmt.Sprintf("%d values", len(values))
	case values[0] == "":
		return "an empty value"
	case len(values[0]) > 100:
		return values[0][:100] + "…"
	}
	return values[0]
}
