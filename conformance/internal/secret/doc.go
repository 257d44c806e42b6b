// Package secret finds a secret however it is written, and takes it out of what
// people and machines read.
//
// An [Index] finds secrets, and pieces of them, in a text as it stands and in
// what the text decodes to: escapes, entities, percent-encoding, hex, base64. A
// [Redactor] replaces what an index finds by a label.
package secret
