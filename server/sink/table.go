package sink

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"semirest/server/verdict"
)

// table appends a line a verdict to a file, CSV or JSON lines, and syncs it before the next.
type table struct {
	f   *os.File
	csv bool
}

// head is the first line of a CSV file.
var head = []string{"id", "time", "source", "picture", "verdict", "score", "model", "version", "width", "height", "regions", "x0", "y0", "x1", "y1", "latency_ms", "late", "error"}

func openTable(path string) (_ *table, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	if err := cutHalf(f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t := &table{f, strings.EqualFold(filepath.Ext(path), ".csv")}
	if end, err := f.Seek(0, io.SeekEnd); err != nil || end > 0 || !t.csv {
		return t, err
	}
	return t, t.add(append([]byte("\ufeff"), row(head)...)) // the mark by which spreadsheets know UTF-8
}

// cutHalf takes away a last line that a killed process did not write whole: its verdict is told again.
func cutHalf(f *os.File) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	b := make([]byte, 4096)
	for at := end; at > 0; {
		n := min(int64(len(b)), at)
		if _, err := f.ReadAt(b[:n], at-n); err != nil {
			return err
		}
		if i := bytes.LastIndexByte(b[:n], '\n'); i >= 0 {
			return f.Truncate(at - n + int64(i) + 1)
		}
		at -= n
	}
	return f.Truncate(0)
}

// Send implements Sink.
func (t *table) Send(_ context.Context, m Message) error {
	if t.csv {
		return t.add(row(cells(m.Verdict)))
	}
	text, err := body(m.Verdict)
	if err != nil {
		return err
	}
	return t.add(append(text, '\n'))
}

// add appends whole lines, or nothing.
func (t *table) add(line []byte) error {
	end, err := t.f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = t.f.Write(line)
	}
	if err == nil {
		err = t.f.Sync()
	}
	if err != nil {
		return errors.Join(err, t.f.Truncate(end))
	}
	return nil
}

// cells are a verdict's, in the order of head. Of its regions it has the number and the hottest.
func cells(v verdict.Verdict) []string {
	n := func(f float64, digits int) string { return strconv.FormatFloat(f, 'f', digits, 64) }
	out := []string{v.ID, v.Time.UTC().Format(time.RFC3339Nano), v.Source, v.Image, v.Word(), "", v.Model, v.Version,
		strconv.Itoa(v.Width), strconv.Itoa(v.Height), strconv.Itoa(len(v.Regions)), "", "", "", "", n(v.LatencyMS, 1), strconv.FormatBool(v.Late), v.Error}
	if v.Error == "" {
		out[5] = n(v.Score, 4)
	}
	if len(v.Regions) > 0 {
		r := v.Regions[0]
		out[11], out[12], out[13], out[14] = n(r.X0, 1), n(r.Y0, 1), n(r.X1, 1), n(r.Y1, 1)
	}
	return out
}

// row is a line of CSV. What a spreadsheet takes for a formula gets a ' before it: a file's name is anybody's to choose.
func row(cells []string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	safe := make([]string, len(cells))
	for i, c := range cells {
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			c = "'" + c
		}
		safe[i] = strings.NewReplacer("\n", " ", "\r", " ").Replace(c) // a row is a line
	}
	_ = w.Write(safe) // into memory
	w.Flush()
	return b.Bytes()
}

// Close implements Sink.
func (t *table) Close() error { return t.f.Close() }
