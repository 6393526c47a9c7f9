package verdict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"semirest/shared/block"
	"semirest/shared/durable"
	"semirest/wasm/client"
)

// ErrTable says that a table's file name does not say what to write.
var ErrTable = fmt.Errorf("a table is a file that ends in .csv or .jsonl")

// Table collects verdicts, and what could not be scored. The zero Table is empty.
type Table struct {
	board client.Board // the page's results: one form of CSV for both
	lines []line
}

// line is a picture's line of JSON.
type line struct {
	Image   string      `json:"image"`
	Model   string      `json:"model"`
	Width   int         `json:"width,omitempty"`
	Height  int         `json:"height,omitempty"`
	Score   *float64    `json:"score"` // null: it could not be scored
	Defect  *bool       `json:"defect"`
	Unlike  float64     `json:"unlike,omitempty"`
	Hottest *block.Area `json:"hottest,omitempty"`
	Note    string      `json:"note,omitempty"`
	Error   string      `json:"error,omitempty"`
}

// Add takes in a verdict.
func (t *Table) Add(v Verdict) {
	t.lines = append(t.lines, line{Image: v.Image, Model: v.Model, Width: v.Width, Height: v.Height, Score: &v.Score, Defect: &v.Defect, Unlike: v.Unlike,
		Hottest: &v.Hottest, Note: v.Note})
	t.put(v, client.Result{State: client.Scored, Score: float32(v.Score), Width: v.Width, Height: v.Height,
		HotX: (v.Hottest.X0 + v.Hottest.X1) / 2, HotY: (v.Hottest.Y0 + v.Hottest.Y1) / 2, Millis: v.LatencyMS, Reason: v.Note})
}

// Fail takes in a picture that could not be scored, and why.
func (t *Table) Fail(image, model, why string) {
	t.lines = append(t.lines, line{Image: image, Model: model, Error: why})
	t.put(Verdict{Image: image, Model: model}, client.Result{State: client.Failed, Reason: why})
}

func (t *Table) put(v Verdict, r client.Result) {
	name := filepath.Base(v.Model)
	r.ID, r.Name, r.Detector, r.Model = uint32(len(t.lines)), v.Image, bare(name), name
	r.Threshold = 1 // calibrated scores
	t.board.Put(r)
}

// CheckTable reports whether a file's name is one that Write takes; else it is an ErrTable.
func CheckTable(path string) error {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".jsonl":
		return nil
	}
	return fmt.Errorf("%s: %w", path, ErrTable)
}

// Write writes the table: as CSV where the file's name ends in .csv, as a line of JSON a picture where in .jsonl.
func (t *Table) Write(path string) error {
	if err := CheckTable(path); err != nil {
		return err
	}
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		return durable.Write(path, t.board.CSV(client.AsAdded))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, l := range t.lines {
		if err := e.Encode(l); err != nil {
			return fmt.Errorf("verdict: %w", err)
		}
	}
	return durable.Write(path, b.Bytes())
}
