// Package programs holds tests only: both programs, as they are built, run against
// each other, against clients in other languages, and by the scripts in .ci.
package programs
