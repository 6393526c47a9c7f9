package main

import (
	"syscall/js"
	"unsafe"

	"semirest/shared/block"
	"semirest/shared/heat"
	"semirest/shared/prep"
	"semirest/wasm/client"
)

// page is the Go instance on the page. Its functions are the global semirest;
// frontend/src/go/overlay.ts gives them types.
type page struct {
	overlays map[int]*client.Overlay // by pane
	board    client.Board
	rgba     []byte // reused from paint to paint
}

func overlay() {
	p := &page{overlays: map[int]*client.Overlay{}}
	api := object()
	for name, f := range map[string]func(args []js.Value) any{
		"set": p.set, "paint": p.paint, "contours": p.contours, "at": p.at, "thumb": p.thumb, "scale": p.scale,
		"put": p.put, "remove": p.remove, "order": p.order, "csv": p.csv,
	} {
		// These live as long as the page: they are never released.
		api.Set(name, guard(func(text string) {
			global.Get("console").Call("error", "wasm: "+name+": "+text)
		}, f))
	}
	label(api)
	global.Set("semirest", api)
	if ready := global.Get("semirestReady"); ready.Type() == js.TypeFunction {
		ready.Invoke()
	}
}

// set(pane, rows, cols, block, scores, width, height) gives a pane its block
// scores, a Float32Array, and returns [w, h] of the map.
func (p *page) set(args []js.Value) any {
	s := scoresOf(args[1:5])
	o := p.overlays[args[0].Int()]
	if o == nil {
		o = &client.Overlay{}
		p.overlays[args[0].Int()] = o
	}
	o.Set(s, prep.Size{W: args[5].Int(), H: args[6].Int()})
	return array(o.W, o.H)
}

// paint(pane, threshold, pixels) colours a pane's map into a Uint8ClampedArray.
func (p *page) paint(args []js.Value) any {
	o := p.overlays[args[0].Int()]
	if n := 4 * o.W * o.H; cap(p.rgba) < n {
		p.rgba = make([]byte, n)
	}
	rgba := p.rgba[:4*o.W*o.H]
	o.Paint(rgba, float32(args[1].Float()))
	js.CopyBytesToJS(args[2], rgba)
	return nil
}

// contours(pane, threshold) returns a Float32Array; see client.Overlay.
func (p *page) contours(args []js.Value) any {
	return floats(p.overlays[args[0].Int()].Contours(float32(args[1].Float())))
}

// at(pane, x, y) returns the map's value at a place, or undefined outside.
func (p *page) at(args []js.Value) any {
	o := p.overlays[args[0].Int()]
	if o == nil {
		return js.Undefined()
	}
	v, ok := o.At(args[1].Float(), args[2].Float())
	if !ok {
		return js.Undefined()
	}
	return v
}

// thumb(rows, cols, block, scores, width, height, side, threshold) returns
// {w, h, rgba}.
func (p *page) thumb(args []js.Value) any {
	rgba, w, h := client.Thumb(scoresOf(args[:4]), prep.Size{W: args[4].Int(), H: args[5].Int()},
		args[6].Int(), float32(args[7].Float()))
	return object("w", w, "h", h, "rgba", toJS("Uint8ClampedArray", rgba))
}

// scale() returns the palette, 256 opaque colours from score 0 to twice the
// threshold.
func (p *page) scale([]js.Value) any {
	rgba := make([]byte, 0, 1024)
	for i := range 256 {
		r, g, b := heat.Inferno.At(uint8(i))
		rgba = append(rgba, r, g, b, 255)
	}
	return toJS("Uint8ClampedArray", rgba)
}

// put(result) lists a result or replaces it.
func (p *page) put(args []js.Value) any {
	o := args[0]
	text := func(key string) string { return o.Get(key).String() }
	number := func(key string) float64 { return o.Get(key).Float() }
	r := client.Result{ID: uint32(number("id")), Name: text("name"), Score: float32(number("score")), Threshold: float32(number("threshold")),
		Detector: text("detector"), Model: text("model"), Width: int(number("width")), Height: int(number("height")),
		HotX: number("hotX"), HotY: number("hotY"), Millis: number("total"), Lossy: o.Get("lossy").Bool(), Unlike: float32(number("unlike")), Reason: text("reason")}
	for s := client.Waiting; s <= client.Failed; s++ {
		if s.String() == text("state") {
			r.State = s
		}
	}
	p.board.Put(r)
	return nil
}

// remove(id) takes a result off the list.
func (p *page) remove(args []js.Value) any {
	p.board.Remove(uint32(args[0].Int()))
	return nil
}

// order(by) returns the ids in an order: 0 by score, 1 by name, 2 as added.
func (p *page) order(args []js.Value) any {
	ids := array()
	for _, id := range p.board.Order(client.Order(args[0].Int())) {
		ids.Call("push", id)
	}
	return ids
}

// csv(by) returns the results' file as a Uint8Array.
func (p *page) csv(args []js.Value) any {
	return toJS("Uint8Array", p.board.CSV(client.Order(args[0].Int())))
}

// scoresOf reads rows, cols, block size and a Float32Array.
func scoresOf(args []js.Value) block.Scores {
	s := block.NewScores(block.Grid{Rows: args[0].Int(), Cols: args[1].Int(), Size: args[2].Int()})
	if args[3].Length() != len(s.Values) {
		panic("wasm: scores do not fit their grid")
	}
	values := args[3]
	js.CopyBytesToGo(raw(s.Values), global.Get("Uint8Array").New(values.Get("buffer"), values.Get("byteOffset"), values.Get("byteLength")))
	return s
}

// floats copies numbers to a new Float32Array.
func floats(v []float32) js.Value {
	buffer := toJS("Uint8Array", raw(v))
	return global.Get("Float32Array").New(buffer.Get("buffer"))
}

// raw is the bytes of numbers, aliased. WebAssembly and every machine that
// browsers run on are little-endian.
func raw(v []float32) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*len(v))
}
