// Package desk is labelling in plain Go: a Desk is the labelling screen of one
// picture. It turns what pointer and keyboard do into labels (an annot.Editor's)
// and says what of them is to be drawn anew. Merge joins the labels that two
// people made of one picture.
//
// It knows no browser: package wasm passes on what the page asks, by number, and
// the tests play pointer and keyboard natively.
package desk
