package wire

import (
	"bytes"
	"errors"
	"image"
	"math"
	"reflect"
	"strings"
	"testing"

	"semirest/shared/prep"
)

func detector() Detector {
	return Detector{Request: 3, Generation: 7, W: 512, H: 384, TileRef: 2048, TileOverlap: 64, Block: 8, Kind: Fused, Depth: 12,
		FalseAlarms: 0.01, Created: 1767225600, Name: "woven-cloth", Model: "a1b2", Preset: "lite", Supervision: "semi",
		Note: "synthetic pictures, Gewebe, 織物"}
}

func crop() Crop {
	return Crop{Request: 9, Picture: 2, Generation: 7, Index: 1, Count: 3, W: 4, H: 2, PictureW: 4000, PictureH: 3000,
		Source: image.Rect(100, 0, 4000, 3000), Row: 12, Col: 96, Encoding: RawRGB, Pixels: bytes.Repeat([]byte{1, 2, 3}, 8)}
}

func scores() Scores {
	s := crop().Answer()
	s.Image = 1.25
	s.Stages = []StageTime{{StageQueue, 120}, {StageScore, 350_000}}
	s.Grid = Grid{Rows: 2, Cols: 3, Encoding: Float32, Values: []float32{0, 0.1, 1.25, -1, float32(math.Inf(1)), 3e-9}}
	return s
}

// messages holds one of every type, with full fields.
func messages() []Message {
	half := scores()
	half.Grid = Grid{Rows: 1, Cols: 4, Encoding: Float16, Values: []float32{0, 0.5, 1.25, 65504}}
	jpeg := crop()
	jpeg.Encoding, jpeg.Pixels = JPEG, []byte("\xff\xd8\xff")
	png, file := crop(), crop()
	png.Encoding, png.Pixels = PNG, []byte("\x89PNG")
	file.Encoding, file.Pixels, file.Index, file.Count, file.PictureW, file.PictureH = File, []byte("II*\x00"), 0, 1, 2000, 2000
	file.Source = image.Rect(0, 0, 2000, 2000)
	hello := detector()
	hello.Request = 0
	return []Message{
		Open{Request: 1, Detector: "brushed-metal"},
		crop(), jpeg, png, file,
		Measure{Request: 3, Content: []byte("anything")}, Measured{Request: 3},
		Cancel{Request: 9},
		Watch{Request: 4, On: true, Project: "bottles"},
		Hello{Lowest: 1, Highest: 2, Window: 4, MaxFrame: MaxFrame, MaxSide: 32767, MaxPixels: 128e6, Server: "semirest 0.1",
			Detectors: []Detector{hello, {W: 1, H: 1, Block: 16}}},
		detector(),
		scores(), half,
		Progress{Request: 2, Ended: true, SecondsLeft: 1.5, Done: 10, Total: 20, What: "fitting the detector"},
		Error{Request: 6, Code: CodeBusy, Text: "the queue is full; try again in a moment"},
		Training{Job: 8, Phase: PhaseLearn, Step: 100, Total: 2000, Loss: 0.02, SecondsLeft: 90, HeldOutAP: 0.9},
		Training{Job: 8, Phase: PhaseLearn, Step: 101, Total: 2000, Loss: 0.02, SecondsLeft: -1, HeldOutAP: 0.9, Sample: "3.png",
			Map: Grid{Rows: 1, Cols: 2, Encoding: Float32, Values: []float32{1, 2}}},
		Job{Request: 0, Job: 8, Kind: JobTrain, State: JobFailed, Ahead: 2, Project: "bottles", Model: "c3", Text: "the disk is full"},
		Changed{Revision: 1 << 40, Subject: SubjectLabels, Project: "bottles", Picture: "017.png", Author: "Ada"},
	}
}

func TestRoundTrip(t *testing.T) {
	seen := map[Type]bool{}
	for _, m := range messages() {
		seen[m.Type()] = true
		b := m.Append([]byte("before"))
		if string(b[:6]) != "before" {
			t.Fatalf("%T does not append", m)
		}
		b = b[6:]
		got, err := Parse(b)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v became %+v, %v", m, got, err)
		}
		if b[0] != Version || Type(b[1]) != m.Type() || b[2] != 0 || b[3] != 0 {
			t.Errorf("%T: header % x", m, b[:8])
		}
	}
	for _, typ := range []Type{TypeOpen, TypeCrop, TypeCancel, TypeWatch, TypeHello, TypeDetector, TypeScores,
		TypeProgress, TypeError, TypeTraining, TypeJob, TypeChanged} {
		if !seen[typ] {
			t.Errorf("type 0x%x is not tested", uint8(typ))
		}
		if typ.FromServer() != (typ >= TypeHello) {
			t.Errorf("direction of 0x%x", uint8(typ))
		}
	}
}

// The layouts of the package comment, written out: another implementation of
// the protocol can be held against these bytes.
func TestBytes(t *testing.T) {
	for _, c := range []struct {
		m    Message
		want string
	}{
		{Open{Request: 0x01020304, Detector: "ab"}, "\x03\x01\x00\x00\x04\x03\x02\x01\x02\x00ab"},
		{Cancel{Request: 5}, "\x03\x03\x00\x00\x05\x00\x00\x00"},
		{Error{Request: 6, Code: CodeBusy, Text: "no"}, "\x03\x85\x00\x00\x06\x00\x00\x00\x08\x00\x02\x00no"},
		{Changed{Revision: 2, Subject: SubjectLabels, Project: "p", Picture: "q", Author: "r"},
			"\x03\x8a\x00\x00\x00\x00\x00\x00" + "\x02\x00\x00\x00\x00\x00\x00\x00" + "\x01" + "\x01\x00p\x01\x00q\x01\x00r"},
		{Crop{Request: 1, Picture: 2, Generation: 3, Index: 4, Count: 5, W: 1, H: 2, PictureW: 6, PictureH: 7,
			Source: image.Rect(1, 2, 5, 6), Row: 8, Col: 9, Encoding: RawRGB, Pixels: []byte("abcdef")},
			"\x03\x02\x00\x00\x01\x00\x00\x00" + "\x02\x00\x00\x00\x03\x00\x00\x00" + "\x04\x00\x05\x00\x01\x00\x02\x00" +
				"\x06\x00\x00\x00\x07\x00\x00\x00" + "\x01\x00\x00\x00\x02\x00\x00\x00\x05\x00\x00\x00\x06\x00\x00\x00" +
				"\x08\x00\x00\x00\x09\x00\x00\x00" + "\x01\x00\x00\x00\x06\x00\x00\x00" + "abcdef"},
	} {
		if got := c.m.Append(nil); string(got) != c.want {
			t.Errorf("%T:\n% x, want\n% x", c.m, got, c.want)
		}
	}
	if n := len(crop().AppendHeader(nil)); n != CropHeaderSize {
		t.Errorf("a crop's header has %d bytes", n)
	}
}

// with returns b with the bytes at offset replaced.
func with(b []byte, at int, v ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], v)
	return b
}

func TestLyingFrames(t *testing.T) {
	open := Open{Request: 1, Detector: "ab"}.Append(nil)
	good := crop().Append(nil)
	score := scores().Append(nil)
	grid := len(score) - 24 - 6 // where the grid begins
	hello := Hello{Server: "s", Detectors: []Detector{detector()}}.Append(nil)
	count := 8 + 2 + 2 + 4 + 4 + 8 + 3
	var format *FormatError
	for name, c := range map[string]struct {
		b   []byte
		err error // nil: only a *FormatError
	}{
		"nothing":                   {nil, nil},
		"half a header":             {open[:6], nil},
		"the version before":        {with(open, 0, 1), ErrVersion},
		"version 4":                 {with(open, 0, 4), ErrVersion},
		"version 0":                 {with(open, 0, 0), ErrVersion},
		"unknown type":              {with(open, 1, 0x7f), ErrUnknownType},
		"version 1's labels":        {with(open, 1, 0x05), ErrUnknownType},
		"version 1's saved":         {with(open, 1, 0x88), ErrUnknownType},
		"version 1's conflict":      {with(open, 1, 0x89), ErrUnknownType},
		"reserved bytes":            {with(open, 2, 1), nil},
		"frame too long":            {make([]byte, MaxFrame+1), ErrTooLarge},
		"string longer than frame":  {with(open, 8, 3, 0), nil},
		"string shorter than frame": {with(open, 8, 1, 0), nil},
		"string beyond its limit":   {with(append(bytes.Clone(open), make([]byte, 2000)...), 8, 0x01, 0x04), ErrTooLarge},
		"string is not UTF-8":       {with(open, 10, 0xff), nil},
		"crop cut":                  {good[:len(good)-1], nil},
		"crop with a byte too many": {append(bytes.Clone(good), 0), nil},
		"crop of request 0":         {with(good, 4, 0, 0, 0, 0), nil},
		"crop index beyond count":   {with(good, 16, 3), nil},
		"crop count 0":              {with(good, 16, 0, 0, 0, 0), nil},
		"crop count beyond limit":   {with(good, 18, 0xff, 0xff), nil},
		"crop larger than pixels":   {with(good, 20, 5), nil},
		"crop of 65535 x 65535":     {with(good, 20, 0xff, 0xff, 0xff, 0xff), nil},
		"crop empty":                {with(good, 20, 0, 0), nil},
		"crop of an empty picture":  {with(good, 24, 0, 0, 0, 0), nil},
		"crop picture of 4 G":       {with(good, 24, 0xff, 0xff, 0xff, 0xff), nil},
		"crop outside its picture":  {with(good, 40, 0xff, 0xff), nil},
		"crop source not in order":  {with(good, 32, 0xff, 0xff), nil},
		"crop row of 4 G":           {with(good, 48, 0xff, 0xff, 0xff, 0xff), nil},
		"crop of unknown encoding":  {with(good, 56, 9), nil},
		"crop reserved bytes":       {with(good, 57, 1), nil},
		"pixels longer than frame":  {with(good, 60, 0, 0, 0x3f, 0), nil},
		"pixels of 4 GB":            {with(good, 60, 0xff, 0xff, 0xff, 0xff), ErrTooLarge},
		"grid of 65535 x 65535":     {with(score, grid, 0xff, 0xff, 0xff, 0xff), ErrTooLarge},
		"grid of 1024 x 1024":       {with(score, grid, 0, 4, 0, 4), ErrTooLarge},
		"grid of 1000 x 1000":       {with(score, grid, 0xe8, 3, 0xe8, 3), nil},
		"grid of no rows":           {with(score, grid, 0, 0), nil},
		"grid of unknown encoding":  {with(score, grid+4, 7), nil},
		"grid of fewer bytes":       {with(score, grid+4, 2), nil},
		"grid reserved byte":        {with(score, grid+5, 1), nil},
		"detectors missing":         {with(hello, count, 200, 0), nil},
		"65535 detectors":           {with(hello, count, 0xff, 0xff), ErrTooLarge},
		"flag of 2":                 {with(Watch{Request: 1, Project: "p"}.Append(nil), 8, 2), nil},
	} {
		m, err := Parse(c.b)
		switch {
		case err == nil:
			t.Errorf("%s: taken as %+v", name, m)
		case m != nil:
			t.Errorf("%s: message and error", name)
		case c.err != nil && !errors.Is(err, c.err):
			t.Errorf("%s: %v", name, err)
		case c.err == nil && (!errors.As(err, &format) || errors.Is(err, ErrTooLarge)):
			t.Errorf("%s: %v", name, err)
		case c.err == nil && format.Error() == "":
			t.Errorf("%s: no reason", name)
		}
	}
}

// Every message cut anywhere is refused, and never by a panic.
func TestCutFrames(t *testing.T) {
	for _, m := range messages() {
		b := m.Append(nil)
		for n := range b {
			if _, err := Parse(b[:n]); err == nil {
				t.Errorf("%T cut to %d of %d bytes was taken", m, n, len(b))
			}
		}
	}
}

// A lying length must not cost memory: what Parse allocates is bounded by what
// was sent.
func TestParseAllocatesNoMoreThanSent(t *testing.T) {
	score := scores().Append(nil)
	lie := with(score, len(score)-24-6, 0xe8, 3, 0xe8, 3)
	allocated := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := Parse(lie); err == nil {
				b.Fatal("taken")
			}
		}
	}).AllocedBytesPerOp()
	if allocated > 2048 {
		t.Errorf("%d bytes for a frame of %d", allocated, len(lie))
	}
}

func TestPixelsAliasTheFrame(t *testing.T) {
	b := crop().Append(nil)
	m, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	b[CropHeaderSize] = 77
	if m.(Crop).Pixels[0] != 77 {
		t.Error("pixels were copied")
	}
	// Appending to them must not run into what follows.
	if p := m.(Crop).Pixels; cap(p) != len(p) {
		t.Error("pixels have room behind them")
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = Parse(b) }); n > 2 {
		t.Errorf("%v allocations a crop", n)
	}
}

func TestStringsAreMadeFit(t *testing.T) {
	long := strings.Repeat("ü", 700) // 1400 bytes
	m, err := Parse(Open{Request: 1, Detector: long}.Append(nil))
	if err != nil || m.(Open).Detector != strings.Repeat("ü", MaxString/2) {
		t.Errorf("%v", err)
	}
	if m, err := Parse((Error{Text: "a\xffb" + long[:1]}).Append(nil)); err != nil || m.(Error).Text != "a\uFFFDb\uFFFD" {
		t.Errorf("%v, %v", m, err)
	}
}

func TestRequest(t *testing.T) {
	if r := Request(with(crop().Append(nil), 56, 9)); r != 9 {
		t.Error(r)
	}
	if Request([]byte{1, 2, 3}) != 0 || Request([]byte{9, 2, 0, 0, 1, 0, 0, 0}) != 0 {
		t.Error("a request id out of nothing")
	}
}

func TestAppendPanics(t *testing.T) {
	bad := map[string]Message{
		"crop without pixels": Crop{Request: 1, Count: 1, W: 1, H: 1, PictureW: 1, PictureH: 1, Source: image.Rect(0, 0, 1, 1), Encoding: RawRGB},
		"grid too small":      Scores{Request: 1, Count: 1, Source: image.Rect(0, 0, 1, 1), Grid: Grid{Rows: 2, Cols: 2, Values: make([]float32, 3)}},
		"no source":           Scores{Request: 1, Count: 1, Grid: Grid{Rows: 1, Cols: 1, Values: make([]float32, 1)}},
		"no input":            Detector{Block: 8},
		"detectors":           Hello{Detectors: make([]Detector, MaxDetectors+1)},
		"too many pixels": Crop{Request: 1, Count: 1, W: 1, H: 1, PictureW: 1, PictureH: 1, Source: image.Rect(0, 0, 1, 1), Encoding: JPEG,
			Pixels: make([]byte, MaxData+1)},
	}
	for name, m := range bad {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			m.Append(nil)
		}()
	}
}

func TestLimitsAgree(t *testing.T) {
	if MaxCrops != prep.MaxCrops {
		t.Error("wire and prep disagree on the crops of a picture")
	}
	if !CodeBusy.Retry() || CodeBadPicture.Retry() || !JobFailed.Ended() || JobRunning.Ended() {
		t.Error("codes")
	}
}

// What parses is written back such that it parses to the same again, and its
// bytes are stable.
func FuzzParse(f *testing.F) {
	for _, m := range messages() {
		f.Add(m.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			var format *FormatError
			if !errors.As(err, &format) && !errors.Is(err, ErrVersion) && !errors.Is(err, ErrUnknownType) && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		first := m.Append(nil)
		again, err := Parse(first)
		if err != nil {
			t.Fatalf("%+v does not parse again: %v", m, err)
		}
		if second := again.Append(nil); !bytes.Equal(first, second) {
			t.Fatalf("% x became % x", first, second)
		}
		if len(first) != len(b) || first[1] != b[1] {
			t.Fatalf("% x became % x", b, first)
		}
	})
}

func BenchmarkCrop512(b *testing.B) {
	m := Crop{Request: 1, Count: 1, W: 512, H: 512, PictureW: 512, PictureH: 512, Source: image.Rect(0, 0, 512, 512),
		Encoding: RawRGB, Pixels: make([]byte, 512*512*3)}
	buf := m.Append(nil)
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		buf = m.Append(buf[:0])
		if _, err := Parse(buf); err != nil {
			b.Fatal(err)
		}
	}
}
