package main

import (
	"errors"
	"syscall/js"

	"semirest/shared/prep"
	"semirest/shared/wire"
	"semirest/wasm/client"
)

const (
	// headSize holds nearly every header; more is read where it does not.
	headSize = 256 << 10
	// stripRows is how many rows of pixels travel from the browser to Go at a
	// time: whole pictures would cost up to 500 MB in Go and as much beside it.
	stripRows = 256
	// thumbSide is the longest side of a thumbnail.
	thumbSide = 160
	// jpegQuality of lossy crops, 0 to 1.
	jpegQuality = 0.92
)

// stopwatch adds up what each stage of a preparation takes.
type stopwatch struct {
	times []client.Time
	last  client.Millis
}

// lap ends a stage, which began where the one before ended.
func (w *stopwatch) lap(stage client.Stage) {
	now := now()
	took := now - w.last
	w.last = now
	for i := range w.times {
		if w.times[i].Stage == stage {
			w.times[i].Took += took
			return
		}
	}
	w.times = append(w.times, client.Time{Stage: stage, Took: took})
}

// cutPicture decodes a File or Blob and cuts it into a detector's crops. The
// second result is a thumbnail, RGBA. It blocks the goroutine, not the Worker.
func cutPicture(file js.Value, d wire.Detector, how client.Travel) (p client.Prepared, small thumb, format prep.Format, err error) {
	watch := stopwatch{last: now()}
	head, h, err := readHeader(file)
	watch.lap(client.StageRead)
	format = h.Format
	if err != nil {
		return p, small, format, err
	}
	if !h.Format.Read() {
		return p, small, format, prep.ErrFormat
	}
	if h.Format == prep.TIFF { // which only Safari decodes, and turns by itself
		return p, small, format, client.ErrDecode
	}
	if err := prep.DefaultLimits.Check(h.Stored); err != nil {
		return p, small, format, err
	}
	tile := prep.Tile{Ref: d.TileRef, Overlap: d.TileOverlap}
	plan, err := prep.NewPlan(h.Upright(), prep.Size{W: d.W, H: d.H}, tile)
	if err != nil {
		return p, small, format, err
	}
	resizer, err := prep.NewResizer(h.Stored, plan.Scaled, h.Orientation)
	if err != nil {
		return p, small, format, err
	}
	if h.Format == prep.PNG && (h.Alpha || h.Bits == 16 && d.Depth != 0) {
		err = decodePNG(file, d.Depth, resizer, &watch)
	} else {
		err = decodeByBrowser(file, head, h, resizer, &watch)
	}
	if err != nil {
		return p, small, format, err
	}
	scaled, err := resizer.Finish()
	if err != nil {
		return p, small, format, err
	}
	watch.lap(client.StageResize)
	if small, err = shrink(scaled, plan); err != nil {
		return p, small, format, err
	}
	watch.lap(client.StageThumbnail)
	p.Plan = plan
	p.Crop = func(i int) (wire.Pixels, []byte) {
		if len(plan.Crops) == 1 && plan.Crops[0].Input == plan.Scaled {
			return wire.RawRGB, scaled
		}
		return wire.RawRGB, plan.Cut(nil, scaled, plan.Crops[i])
	}
	switch {
	case how == client.Raw:
	case how.AsFile(file.Get("size").Int(), d, plan.Picture.Pixels(), len(plan.Crops)):
		buffer, err := await(file.Call("arrayBuffer"))
		if err != nil {
			return p, small, format, client.ErrUnreadable
		}
		whole := bytesOf(buffer)
		p.Crop = func(int) (wire.Pixels, []byte) { return wire.File, whole }
		watch.lap(client.StageRead)
	default:
		p.Lossy = how != client.Lossless
		if p.Crop, err = compress(plan, scaled, p.Lossy); err != nil {
			return p, small, format, err
		}
		watch.lap(client.StageEncode)
	}
	p.Times = watch.times
	return p, small, format, nil
}

// readHeader reads as much of the beginning of a file as its header needs.
func readHeader(file js.Value) ([]byte, prep.Header, error) {
	size := file.Get("size").Int()
	if size == 0 {
		return nil, prep.Header{}, client.ErrEmpty
	}
	for n := headSize; ; n *= 4 {
		buffer, err := await(file.Call("slice", 0, min(n, size)).Call("arrayBuffer"))
		if err != nil {
			return nil, prep.Header{}, client.ErrUnreadable
		}
		head := bytesOf(buffer)
		h, err := prep.ReadHeader(head)
		if !errors.Is(err, prep.ErrShort) || n >= size {
			return head, h, err
		}
	}
}

// decodeByBrowser hands the browser's pixels to the resizer in strips.
func decodeByBrowser(file js.Value, head []byte, h prep.Header, resizer *prep.Resizer, watch *stopwatch) error {
	if h.Orientation != prep.Upright {
		client.HideOrientation(head, h.Format)
		parts := array(toJS("Uint8Array", head), file.Call("slice", len(head)))
		file = global.Get("Blob").New(parts, object("type", file.Get("type")))
	}
	bitmap, err := await(global.Call("createImageBitmap", file,
		object("colorSpaceConversion", "none", "premultiplyAlpha", "none")))
	if err != nil {
		if errorName(err) == "NotReadableError" {
			return client.ErrUnreadable
		}
		return client.ErrDecode
	}
	defer bitmap.Call("close")
	if bitmap.Get("width").Int() != h.Stored.W || bitmap.Get("height").Int() != h.Stored.H {
		return client.ErrDecode // the file shows the browser another picture than its header
	}
	canvas := global.Get("OffscreenCanvas").New(h.Stored.W, min(stripRows, h.Stored.H))
	pen := canvas.Call("getContext", "2d", object("alpha", false, "willReadFrequently", true))
	if pen.IsNull() {
		return client.ErrMemory
	}
	pen.Set("imageSmoothingEnabled", false)
	pen.Set("fillStyle", "#fff")
	pixels := make([]byte, 4*h.Stored.W*min(stripRows, h.Stored.H))
	watch.lap(client.StageDecode)
	for y := 0; y < h.Stored.H; y += stripRows {
		rows := min(stripRows, h.Stored.H-y)
		if h.Alpha {
			pen.Call("fillRect", 0, 0, h.Stored.W, rows) // prep's rule: over white
		}
		pen.Call("drawImage", bitmap, 0, -y)
		data := pen.Call("getImageData", 0, 0, h.Stored.W, rows).Get("data")
		strip := pixels[:4*h.Stored.W*rows]
		js.CopyBytesToGo(strip, data)
		watch.lap(client.StageDecode)
		if err := resizer.Push(strip); err != nil {
			return err
		}
		watch.lap(client.StageResize)
	}
	return nil
}

// decodePNG decodes a PNG with alpha, or of 16 bits, without a canvas, which would
// lose the colours of transparent pixels, and all bits but eight; see client.PNG.
func decodePNG(file js.Value, depth prep.Depth, resizer *prep.Resizer, watch *stopwatch) error {
	buffer, err := await(file.Call("arrayBuffer"))
	if err != nil {
		return client.ErrUnreadable
	}
	png, err := client.ParsePNG(bytesOf(buffer))
	watch.lap(client.StageRead)
	if err != nil {
		return err
	}
	png.Depth = depth
	parts := array()
	for _, part := range png.Data {
		parts.Call("push", file.Call("slice", part[0], part[1]))
	}
	stream := global.Get("Blob").New(parts).Call("stream").
		Call("pipeThrough", global.Get("DecompressionStream").New("deflate"))
	reader := stream.Call("getReader")
	defer reader.Call("cancel")
	rows := png.Rows(func(rgba []byte) error {
		prep.Flatten(rgba)
		return resizer.Push(rgba)
	})
	for {
		piece, err := await(reader.Call("read"))
		if err != nil {
			return client.ErrDecode
		}
		if piece.Get("done").Bool() {
			break
		}
		data := bytesOf(piece.Get("value"))
		watch.lap(client.StageDecode)
		if err := rows.Write(data); err != nil {
			return err
		}
		watch.lap(client.StageResize)
	}
	return rows.Close()
}

// thumb is a small upright picture, RGBA.
type thumb struct {
	w, h int
	rgba []byte
}

// shrink makes the thumbnail from the scaled picture.
func shrink(scaled []byte, plan prep.Plan) (thumb, error) {
	p := plan.Picture
	long := max(p.W, p.H)
	side := min(thumbSide, long)
	size := prep.Size{W: max(1, p.W*side/long), H: max(1, p.H*side/long)}
	rgb, err := prep.Resize(scaled, plan.Scaled, size)
	if err != nil {
		return thumb{}, err
	}
	return thumb{size.W, size.H, opaque(rgb)}, nil
}

// opaque makes RGBA of RGB.
func opaque(rgb []byte) []byte {
	rgba := make([]byte, len(rgb)/3*4)
	for i, j := 0, 0; i < len(rgb); i, j = i+3, j+4 {
		rgba[j], rgba[j+1], rgba[j+2], rgba[j+3] = rgb[i], rgb[i+1], rgb[i+2], 255
	}
	return rgba
}

// compress makes files of all crops: JPEG, or PNG, which loses nothing.
func compress(plan prep.Plan, scaled []byte, lossy bool) (func(int) (wire.Pixels, []byte), error) {
	kind, mime := wire.PNG, "image/png"
	if lossy {
		kind, mime = wire.JPEG, "image/jpeg"
	}
	input := plan.Crops[0].Input
	canvas := global.Get("OffscreenCanvas").New(input.W, input.H)
	pen := canvas.Call("getContext", "2d", object("alpha", false))
	if pen.IsNull() {
		return nil, client.ErrMemory
	}
	files := make([][]byte, len(plan.Crops))
	for i, c := range plan.Crops {
		pixels := toJS("Uint8ClampedArray", opaque(plan.Cut(nil, scaled, c)))
		pen.Call("putImageData", global.Get("ImageData").New(pixels, input.W, input.H), 0, 0)
		blob, err := await(canvas.Call("convertToBlob", object("type", mime, "quality", jpegQuality)))
		if err != nil {
			return nil, client.ErrMemory
		}
		buffer, err := await(blob.Call("arrayBuffer"))
		if err != nil {
			return nil, client.ErrMemory
		}
		files[i] = bytesOf(buffer)
	}
	return func(i int) (wire.Pixels, []byte) { return kind, files[i] }, nil
}
