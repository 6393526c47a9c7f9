// Package job runs long work (fitting a detector, later training one) one piece at a time, away from the request
// that asked for it.
//
// A job is a function with a name. Submit puts it in a bounded queue, or answers ErrBusy; a fixed number of workers
// take jobs in order of submission. A running job reports Progress; Cancel ends its context, and the job is expected
// to return within a step. What happened to a job stays listed, newest last, until enough later ones have ended.
//
// The queue lives in memory. A job that must survive a restart keeps its own checkpoint and is submitted again.
package job
