// Package client is the browser's side of an inspection in plain Go: what the
// files of package wasm, which only convert, call and return, need done.
//
// It has two halves, one for each Go instance of the page.
//
// In the Worker, a Session holds the pictures that are to be scored. It asks
// for one prepared picture at a time (decoded and cut into crops by its Host),
// sends the crops over a Socket with a window of unanswered ones, merges the
// block scores of tiles, and reports every change as a Picture. When the
// connection is lost it dials again with growing pauses and sends what was not
// answered. It never blocks and starts no goroutine: it is a state machine
// driven by calls, with time and chance given to it, so that its tests run
// natively and in no time.
//
// On the page, an Overlay turns block scores into colours and contours, and a
// Board keeps the results of all pictures in order and writes them as CSV.
//
// Scores are calibrated: 1 is the detector's threshold.
package client
