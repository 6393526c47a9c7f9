package main

import (
	"strconv"

	"semirest/shared/wire"
)

// number is a job's number as text: JavaScript's numbers end at 53 bits.
func number(job uint64) string { return strconv.FormatUint(job, 10) }

// Training implements client.Listener.
func (w *worker) Training(t wire.Training) {
	m := object("type", "training", "job", number(t.Job), "phase", int(t.Phase), "step", t.Step, "total", t.Total, "loss", t.Loss,
		"left", t.SecondsLeft, "ap", t.HeldOutAP, "sample", t.Sample,
		"rows", t.Map.Rows, "cols", t.Map.Cols)
	if len(t.Map.Values) > 0 {
		m.Set("scores", floats(t.Map.Values))
	}
	global.Call("postMessage", m)
}

// Job implements client.Listener.
func (w *worker) Job(j wire.Job) {
	w.post("type", "job", "job", number(j.Job), "kind", int(j.Kind), "state", int(j.State), "ahead", j.Ahead,
		"project", j.Project, "model", j.Model, "text", j.Text)
}

// Changed implements client.Listener.
func (w *worker) Changed(c wire.Changed) {
	w.post("type", "changed", "subject", int(c.Subject), "revision", float64(c.Revision),
		"project", c.Project, "picture", c.Picture, "author", c.Author)
}

// Refused implements client.Listener.
func (w *worker) Refused(text string) { w.post("type", "refused", "text", text) }
