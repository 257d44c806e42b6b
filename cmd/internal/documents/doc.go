// Package documents holds tests only: both halves of the module on many small
// documents, one a feature of OpenAPI, as a folder of testdata has them.
package documents
