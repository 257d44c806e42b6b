// Package wire is one request, one response, and the client between them: at the
// pace that the target bears, following no redirect, showing a response as it
// came.
package wire
