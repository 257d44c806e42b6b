// Package packaging contains tests alone: they install and run the programs as
// users get them, by npm, in an image, as a service, and in pipelines.
package packaging
