//go:build !embedort

package ort

// A program built without the tag embedort carries no library.
var carriedGzip, carriedSum string
