// Package ort runs ONNX models with ONNX Runtime. It is the only package that
// uses cgo (through github.com/yalue/onnxruntime_go).
//
// Words:
//   - Library: ONNX Runtime's shared library, found by Locate, loaded once a
//     process by Init. It is not linked: the binary starts without it. A release's
//     program carries it inside and unpacks it once (unpack.go).
//   - Session: one model made ready to run, with its own thread pool. Run may be
//     called by many goroutines at once.
//   - Tensor: a Go slice with a shape. Inputs and outputs share memory with the
//     caller: on the processor, nothing is copied but small slices that do not
//     begin at a multiple of 64 bytes (see alignment).
//   - Device: what computes, "cpu" or "cuda". A device that was asked for and is
//     not there is an error; only "auto" chooses, and Session.Device says what.
//   - Trainer: a session of a training graph with its state, two buffers deep, so
//     that a cancelled step leaves the state of the step before.
//
// Cancelling: when the context of a Run ends, ONNX Runtime is told to stop. It
// does so between two nodes, within milliseconds for this project's models, and
// Run returns ctx.Err().
package ort
