package mock

import (
	"net/http"
	"strconv"
	"time"

	"nox.energy/contract/mock/fault"
	"nox.energy/contract/mock/internal/openapi"
	"nox.energy/contract/mock/journal"
)

// fire answers as a fault wants it. honest makes the answer that there would
// have been; it is not called by the faults that come before it.
func fire(x *exchange, shot *fault.Shot, honest func() openapi.Response) openapi.Response {
	x.shot = shot
	x.pause(shot.Delay)
	why := journal.Why{Rule: "fault." + string(shot.Kind), Reason: shot.ID + " (" + string(shot.Kind) + ")"}
	switch shot.Kind {
	case fault.Status, fault.Gateway:
		return faultStatus(x.operation, shot).WithReason(why)
	case fault.Reset, fault.Empty:
		a := x.operation.Fail(http.StatusInternalServerError, "").WithReason(why)
		x.delivery.kind = shot.Kind
		return a
	}
	a := honest()
	why.Reason = a.Reason.Reason + ", then " + why.Reason
	switch shot.Kind {
	case fault.MediaType:
		a.MediaType = shot.MediaType
	case fault.Dribble:
		x.delivery = delivery{fault.Dribble, shot.PieceBytes, time.Duration(shot.EveryMS) * time.Millisecond}
	case fault.Slow: // it was
	default:
		x.delivery.kind = shot.Kind
	}
	return a.WithReason(why)
}

// faultStatus answers with a status that a fault asks for: in the contract's
// shape, unless the fault has a body of its own.
func faultStatus(op *openapi.Operation, shot *fault.Shot) openapi.Response {
	var a openapi.Response
	switch status := shot.Status; {
	case shot.Kind == fault.Gateway:
		a = openapi.Response{Status: status, MediaType: "text/html; charset=utf-8", Body: gatewayPage(status)}
	case shot.Body != nil:
		a = openapi.Response{Status: status, MediaType: shot.MediaType, Body: []byte(*shot.Body)}
	case status >= http.StatusBadRequest:
		words := ""
		if !op.Documents(status) {
			words = statusWords(status)
		}
		a = op.Fail(status, words)
	case op.Documents(status):
		a = op.Generate(status, openapi.Example{})
	default:
		a = openapi.Response{Status: status}
	}
	if shot.RetryAfter != nil {
		a = a.With("Retry-After", retryAfter(shot, time.Now()))
	}
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified { // which have no body
		a.MediaType, a.Body = "", nil
	}
	return a
}

// retryAfter writes the header field in seconds or as a date, which has no parts
// of a second: it is never earlier than was asked for.
func retryAfter(shot *fault.Shot, now time.Time) string {
	if !shot.RetryAfterDate {
		return strconv.Itoa(*shot.RetryAfter)
	}
	until := now.Add(time.Duration(*shot.RetryAfter) * time.Second)
	return until.Add(time.Second - time.Nanosecond).UTC().Format(http.TimeFormat)
}

func statusWords(status int) string {
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "Status " + strconv.Itoa(status)
}

// gatewayPage is what a gateway answers when it does not reach a server.
func gatewayPage(status int) []byte {
	title := strconv.Itoa(status) + " " + statusWords(status)
	return []byte("<html>\r\n<head><title>" + title + "</title></head>\r\n<body>\r\n<center><h1>" + title +
		"</h1></center>\r\n<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n")
}
