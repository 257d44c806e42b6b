package fault

import "time"

// ForUser returns the fault for the users that fit a pattern only, in which *
// stands for any characters.
func (f Fault) ForUser(pattern string) Fault {
	f.UserID = &pattern
	return f
}

// WithRetryAfter returns the fault with the header Retry-After, in whole seconds.
func (f Fault) WithRetryAfter(wait time.Duration) Fault {
	seconds := int((wait + time.Second - 1) / time.Second)
	f.RetryAfter = &seconds
	return f
}

// WithBody returns the fault with a body of its own, of a media type.
func (f Fault) WithBody(mediaType, body string) Fault {
	f.MediaType, f.Body = mediaType, &body
	return f
}

// WithDelay returns the fault with a delay before the response, in milliseconds.
func (f Fault) WithDelay(wait time.Duration) Fault {
	f.Delay = &Delay{MS: int(wait / time.Millisecond)}
	return f
}
