package annot

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"semirest/shared/block"
)

func sample(seed uint64, n int) *Labels {
	rng := rand.New(rand.NewPCG(seed, 9))
	e := New(100, 80)
	for range n {
		act(e, rng)
	}
	e.Labels().Spent = Spent{ToolBox: 5000, ToolEraser: 1 << 40}
	return e.Labels()
}

func TestStoredForm(t *testing.T) {
	e := New(40, 30)
	_, _ = e.AddBox(block.Box{X: 10, Y: 12, HalfW: 5, HalfH: 2.5}, "dent")
	e.Brush(Point{20.5, 20.5}, Point{20.5, 20.5}, 0.5, false)
	_ = e.PaintBlocks(block.Grid{Rows: 1, Cols: 2, Size: 8}, Point{30, 1}, Point{30, 1}, block.Anomalous)
	want := "SRL\x01" + "\x28\x1e" + "\x00" + "\x0a" + strings.Repeat("\x00", 10) + "\x01" +
		"\x01" + "\x02" + "\x00" + "\x04dent" + "\x80\x14" + "\x80\x18" + "\x80\x0a" + "\x80\x05" +
		"\x01" + "\x14" + "\x01" + "\x14\x01" +
		"\x01" + "\x01\x02\x08" + "\x02" + "\x00\x01" + "\x02\x01"
	if got := e.Labels().Append(nil); string(got) != want {
		t.Errorf("\n%q, want\n%q", got, want)
	}
}

// Time spent on clicks makes labels version 2; without it they stay the bytes that they were.
func TestStoredFormOfClicks(t *testing.T) {
	e := New(40, 30)
	before := e.Labels().Append(nil)
	e.Labels().Spent[ToolClicks] = 7
	b := e.Labels().Append(nil)
	if before[3] != 1 || b[3] != 2 {
		t.Errorf("versions %d and %d, want 1 and 2", before[3], b[3])
	}
	if l, err := Parse(b); err != nil || l.Spent != e.Labels().Spent {
		t.Errorf("%+v, %v", l, err)
	}
	b[len(b)-5] = 0 // the time: what is left could be version 1
	var format *FormatError
	if _, err := Parse(b); !errors.As(err, &format) {
		t.Error(err)
	}
}

func TestStoredFormRoundTrips(t *testing.T) {
	for seed := range uint64(30) {
		l := sample(seed, 60)
		b := l.Append(nil)
		got, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Shapes, l.Shapes) && len(l.Shapes) > 0 || got.Spent != l.Spent || got.Normal != l.Normal ||
			!bytes.Equal(got.Mask.Bytes(100, 80), l.Mask.Bytes(100, 80)) {
			t.Fatal("labels changed on the way")
		}
		// Editing goes on with ids that were never used.
		e := Edit(got)
		if id, err := e.AddBox(block.Box{X: 10, Y: 12, HalfW: 5, HalfH: 2.5}, ""); err != nil || id != l.next+1 {
			t.Fatalf("id %d after %d, %v", id, l.next, err)
		}
		for n := range b {
			if _, err := Parse(b[:n]); err == nil {
				t.Fatalf("%d of %d bytes were taken", n, len(b))
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	head := "SRL\x01\x28\x1e\x00\x0a" + strings.Repeat("\x00", 10)
	empty := head + "\x00\x00\x00\x00"
	if _, err := Parse([]byte(empty)); err != nil {
		t.Fatal(err)
	}
	var format *FormatError
	for name, b := range map[string]string{
		"nothing":              "",
		"another file":         "RIFFabcd",
		"no picture":           strings.Replace(empty, "\x28\x1e", "\x00\x1e", 1),
		"flag 2":               strings.Replace(empty, "\x1e\x00", "\x1e\x02", 1),
		"left over":            empty + "\x00",
		"long number":          "SRL\x01\xa8\x00\x1e",
		"endless number":       "SRL\x01" + strings.Repeat("\xff", 12),
		"id 0":                 head + "\x05\x01\x00\x00\x00",
		"id beyond the last":   head + "\x01\x01\x04\x00\x00" + "\x80\x14\x80\x18\x80\x0a\x80\x05" + "\x00\x00",
		"an id twice":          head + "\x01\x02\x02\x00\x00" + "\x80\x14\x80\x18\x80\x0a\x80\x05" + "\x00\x00\x00" + "\x80\x14\x80\x18\x80\x0a\x80\x05" + "\x00\x00",
		"box outside":          head + "\x01\x01\x02\x00\x00" + "\x00\x00\x80\x0a\x80\x05" + "\x00\x00",
		"box of no size":       head + "\x01\x01\x02\x00\x00" + "\x80\x14\x80\x18\x00\x00" + "\x00\x00",
		"unknown kind":         head + "\x01\x01\x02\x03\x00",
		"name beyond the end":  head + "\x01\x01\x02\x00\x7fabc",
		"polygon of two":       head + "\x01\x01\x02\x02\x00\x02\x02\x02\x04\x04" + "\x00\x00",
		"20001 shapes":         head + "\x01\xa1\x9c\x01",
		"mask row below":       head + "\x00\x00\x01\x1e\x01\x00\x01\x00",
		"mask run too long":    head + "\x00\x00\x01\x00\x01\x00\x29\x00",
		"mask runs meet":       head + "\x00\x00\x01\x00\x02\x00\x01\x00\x01\x00",
		"mask row empty":       head + "\x00\x00\x01\x00\x00\x00",
		"layer empty":          head + "\x00\x00\x00\x01\x01\x02\x08\x01\x00\x02",
		"layer short":          head + "\x00\x00\x00\x01\x01\x02\x08\x01\x02\x01",
		"layer of label 3":     head + "\x00\x00\x00\x01\x01\x02\x08\x01\x03\x02",
		"layer too large":      head + "\x00\x00\x00\x01\x80\x80\x40\x02\x08\x01\x02\x02",
		"layer twice":          head + "\x00\x00\x00\x02\x01\x02\x08\x01\x02\x02\x01\x02\x08\x01\x02\x02",
		"marks though normal":  strings.Replace(head, "\x1e\x00", "\x1e\x01", 1) + "\x00\x00\x01\x00\x01\x00\x01\x00",
		"nine layers":          head + "\x00\x00\x00\x09",
		"runs of equal labels": head + "\x00\x00\x00\x01\x01\x02\x08\x02\x02\x01\x02\x01",
	} {
		if _, err := Parse([]byte(b)); !errors.As(err, &format) || format.Error() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse([]byte("SRL\x03abc")); !errors.Is(err, ErrVersion) {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for seed := range uint64(12) {
		f.Add(sample(seed, 5+int(seed)*5).Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Parse(b)
		if err != nil {
			return
		}
		if again := l.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("% x became % x", b, again)
		}
		// What was read can be worked with.
		e := Edit(l)
		e.SetNormal(true)
		e.Undo()
		if again := e.Labels().Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("% x became % x after undo", b, again)
		}
		if l.W*l.H < 1<<16 {
			e.Labels().Blocks(block.Grid{Rows: 3, Cols: 5, Size: 8}, 0.25, 0.08)
		}
	})
}
