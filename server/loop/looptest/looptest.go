// Package looptest makes projects to test the labelling loop with: drawn pictures in
// a real store, and a scripted person who labels them on a clock of their own.
package looptest

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"path/filepath"
	"sync"
	"testing"

	"semirest/server/demo"
	"semirest/server/evaluation"
	"semirest/server/ort"
	"semirest/server/project"
	"semirest/server/store"
	"semirest/server/synth"
	"semirest/server/train"
	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// Library makes the runtime ready.
func Library(t testing.TB) {
	t.Helper()
	lib, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	if err := ort.Init(lib); err != nil {
		t.Fatal(err)
	}
}

// Shelf is a store as the loop wants it.
type Shelf struct{ *store.Store }

// Open opens an empty store in a folder of the test's.
func Open(t testing.TB) Shelf {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "semirest.db"), filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return Shelf{s}
}

// Project is a project with drawn pictures.
type Project struct {
	project.Project
	Normal, Defective []project.Picture
	Masks             map[project.ID][]byte // [H, W], 1 where a defective picture is anomalous
}

// Brushed adds a project of brushed metal: so many normal pictures and so many with
// scratches, dents and stains in turn.
func (s Shelf) Brushed(t testing.TB, normal, defective int) Project {
	t.Helper()
	p, err := s.CreateProject(t.Context(), project.Project{Name: "Brushed metal"})
	if err != nil {
		t.Fatal(err)
	}
	out := Project{Project: p, Masks: map[project.ID][]byte{}}
	metal, _ := demo.Find("brushed-metal")
	add := func(kind string, number int, role project.Role) (project.Picture, []byte) {
		d := drawn(t, metal, kind, number)
		x, err := s.AddPicture(t.Context(), project.Picture{
			Project: p.ID, Name: demo.FileName(metal.Name, kind, number) + ".png", Width: Side, Height: Side, Role: role,
		}, bytes.NewReader(d.png))
		if err != nil {
			t.Fatal(err)
		}
		return x, d.mask
	}
	for i := range normal {
		x, _ := add(demo.Good, i, project.Normal)
		out.Normal = append(out.Normal, x)
	}
	for i := range defective {
		kind := metal.Kinds[i%len(metal.Kinds)]
		x, mask := add(kind, i, project.Defective)
		out.Defective = append(out.Defective, x)
		out.Masks[x.ID] = mask
	}
	return out
}

// Side is the width and height of the pictures, in pixels.
const Side = demo.Side / 2

// drawing is a drawn picture at half its size.
type drawing struct{ png, mask []byte }

var drawings sync.Map // by name: what a test has drawn, others need not

func drawn(t testing.TB, s demo.Surface, kind string, number int) drawing {
	t.Helper()
	name := demo.FileName(s.Name, kind, number)
	if d, ok := drawings.Load(name); ok {
		return d.(drawing)
	}
	p := s.Draw(kind, number)
	pix, err := prep.Resize(p.RGB, prep.Size{W: demo.Side, H: demo.Side}, prep.Size{W: Side, H: Side})
	if err != nil {
		t.Fatal(err)
	}
	img := image.NewNRGBA(image.Rect(0, 0, Side, Side))
	d := drawing{mask: make([]byte, Side*Side)}
	for i := range d.mask {
		copy(img.Pix[4*i:], pix[3*i:3*i+3])
		img.Pix[4*i+3] = 255
		d.mask[i] = p.Mask[2*(i/Side)*demo.Side+2*(i%Side)]
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	d.png = b.Bytes()
	drawings.Store(name, d)
	return d
}

// Seconds are the times that a picture's labels took in the paper, by granule.
var Seconds = map[string]int64{evaluation.Box: 5, evaluation.Block: 17, evaluation.Pixel: 32}

// Person labels pictures by their ground truth. Their clock goes by events, not by
// the wall.
type Person struct {
	Shelf
	now int64 // milliseconds
}

// Label draws the mask's regions at a granule over what was drawn before, in the
// paper's time, and saves.
func (p *Person) Label(t testing.TB, x project.Picture, mask []byte, granule string) {
	t.Helper()
	l := &annot.Labels{W: x.Width, H: x.Height}
	base := uint64(0)
	if r, err := p.Labels(t.Context(), x.ID); err == nil {
		base = r.Revision
		if l, err = annot.Parse(r.Data); err != nil {
			t.Fatal(err)
		}
	}
	e := annot.Edit(l)
	e.Clear()
	var err error
	tool := annot.ToolBox
	switch granule {
	case evaluation.Box:
		for _, r := range synth.Regions(mask, x.Width, x.Height) {
			_, err = e.AddBox(block.Box{
				X: float64(r.X0+r.X1) / 2, Y: float64(r.Y0+r.Y1) / 2,
				HalfW: float64(r.X1-r.X0) / 2, HalfH: float64(r.Y1-r.Y0) / 2,
			}, "")
		}
	case evaluation.Block:
		tool = annot.ToolBlock8
		g := block.For(256, 256, 8)
		labels := make([]block.Label, g.Len())
		for i, q := range block.Fractions(g, mask, x.Width, x.Height) {
			if q >= 0.25 {
				labels[i] = block.Anomalous
			}
		}
		err = e.PutBlocks(g, labels)
	case evaluation.Pixel:
		tool = annot.ToolBrush
		m := annot.MaskOf(mask, x.Width, x.Height)
		e.PutMask(&m)
	}
	if err != nil {
		t.Fatal(err)
	}
	var clock annot.Clock
	clock.Touch(&e.Labels().Spent, tool, p.now)
	for end := p.now + 1000*Seconds[granule]; p.now < end; {
		p.now += 500 // an event of the pointer
		clock.Touch(&e.Labels().Spent, tool, p.now)
	}
	p.now += annot.Idle + 1 // to the next picture
	_, err = p.SaveLabels(t.Context(), project.Revision{
		Picture: x.ID, Base: base, SaveID: fmt.Sprint(x.ID, base), Data: e.Labels().Append(nil), State: project.State{Author: "person"},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Small makes training runs take seconds, as a Loop's Tune.
func Small(c *train.Config) {
	c.Fit.BankRows, c.Fit.PoolRows = 400, 4000
	for s := &c.Settings; s != nil; s = s.Start {
		s.MaxSim, s.MaxNormal, s.HeldOut, s.Variants = 12, 8, 4, 1
		if s.Start == nil && s != &c.Settings {
			s.Steps = min(s.Steps, 20)
		}
	}
	c.EvalEvery = max(1, c.Steps/3)
}

// MaskPNG is a ground-truth file of a mask [Side, Side].
func MaskPNG(t testing.TB, mask []byte) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, Side, Side))
	for i, m := range mask {
		img.Pix[i] = 255 * m
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
