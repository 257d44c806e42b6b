// Package wire is one request, one answer, and the client between them: at the
// pace that the target bears, following no redirect, showing an answer as it
// came.
package wire
