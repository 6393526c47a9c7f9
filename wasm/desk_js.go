package main

import (
	"syscall/js"
	"unsafe"

	"semirest/shared/annot"
	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/wasm/client"
	"semirest/wasm/desk"
)

// desks are the labelling screens by number: the one at work and those that only
// show labels. The page has one function for all that they do, semirest.label;
// a function for each would cost more to download than what they do.
// frontend/src/go/desk.ts is the other end and gives it types.
type desks struct {
	open map[int]*desk.Desk
	ink  []byte // reused from stroke to stroke
}

// question is what the page asks of a desk, by number.
type question int

const (
	askOpen     question = iota // w, h, stored or null: "" or why the labels cannot be used
	askClose                    // forgets the desk
	askReplace                  // stored: "" or why not
	askStored                   // the labels' stored form
	askLook                     // x, y, scale, w, h
	askTool                     // number
	askSettings                 // radius, snap, rows, cols, name: a detector's grid of 8-pixel blocks, 0 where none is known
	askScores                   // rows, cols, block, values
	askRest                     // stops the clock
	askState                    // numbers, to be filled: the selected shape's name
	askDown                     // x, y, keys, now
	askMove                     // x, y, keys, now
	askUp                       // x, y, keys, now: an outcome
	askLeave                    //
	askCancel                   //
	askTwice                    // x, y: an outcome
	askDo                       // act, a, b, now: an outcome
	askLines                    // x, y, w, h and then the lines, or undefined
	askLive                     // lines
	askInk                      // into: [x, y, w, h, blank], or undefined; into(length) gives the array for the pixels
	askMerge                    // base or null, mine, theirs: the joined labels' stored form, or undefined
	askPicture                  // RGBA of askGrid's size: what regions grow in
	askGrid                     // [w, h]
	askUpright                  // head of a file: [orientation, head that hides it from the browser], or undefined where it is upright
)

// label adds the labelling function to those of the page.
func label(page js.Value) {
	d := &desks{open: map[int]*desk.Desk{}}
	// It lives as long as the page: it is never released.
	page.Set("label", guard(func(text string) {
		global.Get("console").Call("error", "wasm: label: "+text)
	}, func(args []js.Value) any { return d.ask(question(args[0].Int()), args[1].Int(), args[2:]) }))
}

func (d *desks) ask(what question, number int, args []js.Value) any {
	var n [5]float64 // the arguments that are numbers
	for i := range min(len(args), len(n)) {
		if args[i].Type() == js.TypeNumber {
			n[i] = args[i].Float()
		}
	}
	one := d.open[number]
	switch what {
	case askOpen:
		made, err := desk.New(int(n[0]), int(n[1]), optional(args[2]))
		if err != nil {
			return err.Error()
		}
		d.open[number] = made
		return ""
	case askClose:
		delete(d.open, number)
		return nil
	case askMerge:
		return merge(args)
	case askUpright:
		head := bytesOf(args[0])
		h, err := prep.ReadHeader(head)
		if err != nil || h.Orientation == prep.Upright {
			return js.Undefined()
		}
		client.HideOrientation(head, h.Format)
		return array(int(h.Orientation), toJS("Uint8Array", head))
	}
	if one == nil {
		return js.Undefined()
	}
	switch what {
	case askReplace:
		if err := one.Replace(bytesOf(args[0])); err != nil {
			return err.Error()
		}
		return ""
	case askStored:
		return toJS("Uint8Array", one.Stored())
	case askLook:
		one.Look(n[0], n[1], n[2], int(n[3]), int(n[4]))
	case askTool:
		one.Choose(annot.Tool(n[0]))
	case askSettings:
		one.Settings(n[0], n[1] != 0, args[4].String(), block.Grid{Rows: int(n[2]), Cols: int(n[3]), Size: desk.SmallBlock})
	case askScores:
		one.SetScores(scoresOf(args))
	case askPicture:
		one.SetPicture(bytesOf(args[0]))
	case askGrid:
		w, h := one.GrowSize()
		return array(w, h)
	case askRest:
		one.Rest()
	case askState:
		return state(one, args[0])
	case askDown:
		one.Down(n[0], n[1], desk.Keys(n[2]), int64(n[3]))
	case askMove:
		one.Move(n[0], n[1], desk.Keys(n[2]), int64(n[3]))
	case askUp:
		return int(one.Up(n[0], n[1], desk.Keys(n[2]), int64(n[3])))
	case askLeave:
		one.Leave()
	case askCancel:
		one.Cancel()
	case askTwice:
		return int(one.Twice(n[0], n[1]))
	case askDo:
		return int(one.Do(desk.Act(n[0]), n[1], n[2], int64(n[3])))
	case askLines:
		if lines := one.Lines(); lines != nil {
			return floats(lines)
		}
	case askLive:
		return floats(one.Live())
	case askInk:
		return d.drawInk(one, args[0])
	}
	return js.Undefined()
}

func (d *desks) drawInk(one *desk.Desk, into js.Value) any {
	area, rgba := one.Ink(d.ink)
	if area.Empty() {
		return js.Undefined()
	}
	blank := float32(1)
	if rgba != nil {
		blank, d.ink = 0, rgba[:cap(rgba)]
		js.CopyBytesToJS(into.Invoke(len(rgba)), rgba)
	}
	return floats([]float32{float32(area.Min.X), float32(area.Min.Y), float32(area.Dx()), float32(area.Dy()), blank})
}

// place is where a number of a desk's state stands among those that the page reads.
type place int

const (
	atRevision place = iota
	atBusy
	atCanUndo
	atCanRedo
	atNormal
	atLabelled
	atShapes
	atProposed
	atPixels
	atBlocks
	atPoints
	atClicks
	atGrown
	atFocusX
	atFocusY
	atPlace
	atShapeID // of the selected shape, 0 for none; what follows is its
	atShapeProposed
	atShapePoints
	atX // of its upright bounds, the left top
	atY
	atW // its own size
	atH
	atAngle
	atSpent                                // by tool, milliseconds
	atEnd   = atSpent + place(annot.Tools) // how many numbers there are
)

// state writes a desk's state to a Float64Array and returns the selected shape's name.
func state(one *desk.Desk, into js.Value) any {
	s := one.State()
	n := [atEnd]float64{
		atRevision: float64(s.Revision), atBusy: flag(s.Busy), atCanUndo: flag(s.CanUndo), atCanRedo: flag(s.CanRedo),
		atNormal: flag(s.Normal), atLabelled: flag(s.Labelled), atShapes: float64(s.Shapes), atProposed: float64(s.Proposed),
		atPixels: float64(s.Pixels), atBlocks: float64(s.Blocks), atPoints: float64(s.Points),
		atClicks: float64(s.Clicks), atGrown: float64(s.Grown), atFocusX: s.Focus.X, atFocusY: s.Focus.Y, atPlace: float64(s.Place),
	}
	name := ""
	if p := s.Selected; p != nil {
		x0, y0, x1, y1 := p.Bounds()
		w, h := x1-x0, y1-y0
		if !p.Polygon() {
			w, h = 2*p.Box.HalfW, 2*p.Box.HalfH
		}
		n[atShapeID], n[atShapeProposed], n[atShapePoints] = float64(p.ID), flag(p.Proposed), float64(len(p.Points))
		n[atX], n[atY], n[atW], n[atH], n[atAngle] = x0, y0, w, h, p.Box.Angle
		name = p.Name
	}
	for i, t := range s.Spent {
		n[int(atSpent)+i] = float64(t)
	}
	js.CopyBytesToJS(into, unsafe.Slice((*byte)(unsafe.Pointer(&n)), unsafe.Sizeof(n)))
	return name
}

func flag(v bool) float64 {
	if v {
		return 1
	}
	return 0
}

func merge(args []js.Value) any {
	var parsed [3]*annot.Labels
	for i := range parsed {
		b := optional(args[i])
		if b == nil && i == 0 {
			continue
		}
		l, err := annot.Parse(b)
		if err != nil {
			return js.Undefined()
		}
		parsed[i] = l
	}
	return toJS("Uint8Array", desk.Merge(parsed[0], parsed[1], parsed[2]).Append(nil))
}

func optional(v js.Value) []byte {
	if v.IsNull() || v.IsUndefined() {
		return nil
	}
	return bytesOf(v)
}
