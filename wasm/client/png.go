package client

import (
	"errors"

	"semirest/shared/prep"
)

// A browser's canvas stores colours multiplied by alpha, so what it gives back
// of a picture with alpha is not what the file holds. Such PNGs are decoded
// here instead: the browser inflates (DecompressionStream), this file undoes
// the filters. Go's image/png would do both, for 180 KB more of download.
//
// PNG specification, third edition: https://www.w3.org/TR/png-3/

var (
	errPNG       = errors.New("the PNG file is damaged")
	errPNGShort  = errors.New("the PNG file is truncated")
	errPNGKind   = errors.New("the PNG file has an unknown colour type")
	errPNGLonger = errors.New("the PNG file holds more data than its header says")
)

// PNG is the structure of a PNG file: what is needed to turn its inflated data
// into pixels.
type PNG struct {
	Size      prep.Size
	Alpha     bool       // some pixel may be transparent
	Depth     prep.Depth // of a detector: how samples of 16 bits become bytes
	Data      [][2]int   // [from, to) of the deflated data in the file, in order
	depth     int        // bits a sample: 1, 2, 4, 8, 16
	colour    int        // 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
	interlace bool
	palette   [256][4]byte
	key       [3]uint16 // the transparent colour of types 0 and 2
	keyed     bool
}

// IsPNG tells whether a file starts as a PNG does.
func IsPNG(head []byte) bool {
	return len(head) >= 8 && string(head[:8]) == "\x89PNG\r\n\x1a\n"
}

// ParsePNG reads the chunks of a whole PNG file. It looks at no pixel and does
// not check the chunks' CRCs: zlib's checksum guards the data.
func ParsePNG(file []byte) (*PNG, error) {
	if !IsPNG(file) {
		return nil, errPNG
	}
	var p PNG
	for i := range p.palette {
		p.palette[i] = [4]byte{0, 0, 0, 255}
	}
	colours := 0
	for at, first := 8, true; ; first = false {
		if len(file)-at < 12 {
			return nil, errPNGShort
		}
		length := be32(file[at:])
		if uint64(length) > uint64(len(file)-at-12) {
			return nil, errPNGShort
		}
		kind, body := string(file[at+4:at+8]), file[at+8:at+8+int(length)]
		if first != (kind == "IHDR") {
			return nil, errPNG
		}
		switch kind {
		case "IHDR":
			if err := p.header(body); err != nil {
				return nil, err
			}
		case "PLTE":
			if len(body)%3 != 0 || len(body) > 768 {
				return nil, errPNG
			}
			colours = len(body) / 3
			for i := range colours {
				copy(p.palette[i][:3], body[3*i:])
			}
		case "tRNS":
			p.transparency(body)
		case "IDAT":
			p.Data = append(p.Data, [2]int{at + 8, at + 8 + int(length)})
		case "IEND":
			if len(p.Data) == 0 || p.colour == 3 && colours == 0 {
				return nil, errPNG
			}
			return &p, nil
		}
		at += 12 + int(length)
	}
}

func (p *PNG) header(body []byte) error {
	if len(body) != 13 {
		return errPNG
	}
	p.Size = prep.Size{W: int(be32(body)), H: int(be32(body[4:]))}
	if err := prep.DefaultLimits.Check(p.Size); err != nil {
		return err
	}
	p.depth, p.colour, p.interlace = int(body[8]), int(body[9]), body[12] == 1
	var depths string
	switch p.colour {
	case 0:
		depths = "\x01\x02\x04\x08\x10"
	case 3:
		depths = "\x01\x02\x04\x08"
	case 2, 4, 6:
		depths = "\x08\x10"
	default:
		return errPNGKind
	}
	for i := range len(depths) {
		if int(depths[i]) == p.depth {
			p.Alpha = p.colour&4 != 0
			return nil
		}
	}
	return errPNGKind
}

func (p *PNG) transparency(body []byte) {
	switch {
	case p.colour == 3:
		for i := range min(len(body), 256) {
			p.palette[i][3] = body[i]
		}
	case p.colour == 0 && len(body) >= 2:
		v := uint16(body[0])<<8 | uint16(body[1])
		p.key, p.keyed = [3]uint16{v, v, v}, true
	case p.colour == 2 && len(body) >= 6:
		for i := range 3 {
			p.key[i] = uint16(body[2*i])<<8 | uint16(body[2*i+1])
		}
		p.keyed = true
	default:
		return
	}
	p.Alpha = true
}

// samples is the number of samples a pixel.
func (p *PNG) samples() int {
	switch p.colour {
	case 2:
		return 3
	case 4:
		return 2
	case 6:
		return 4
	}
	return 1
}

// pass is one rectangle of pixels that is filtered on its own: the picture, or
// one of the seven of an interlaced one.
type pass struct{ x0, y0, dx, dy, w, h int }

func (p *PNG) passes() []pass {
	if !p.interlace {
		return []pass{{0, 0, 1, 1, p.Size.W, p.Size.H}}
	}
	var out []pass
	for _, a := range [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		w, h := (p.Size.W-a[0]+a[2]-1)/a[2], (p.Size.H-a[1]+a[3]-1)/a[3]
		if w > 0 && h > 0 {
			out = append(out, pass{a[0], a[1], a[2], a[3], w, h})
		}
	}
	return out
}

// PNGRows turns inflated data, given in pieces of any length, into rows of
// RGBA with straight alpha; samples of 16 bits become bytes as Depth says.
type PNGRows struct {
	png    *PNG
	todo   []pass
	row    int    // of the first pass in todo
	line   []byte // filter byte and the row's filtered bytes, as far as they have come
	before []byte // the row above, unfiltered, without a filter byte
	whole  []byte // all pixels of an interlaced picture
	rgba   []byte
	emit   func(rgba []byte) error
}

// Rows starts the decoding. emit gets one upright-as-stored row, [W, 4], at a
// time from the top; the slice is used again for the next one.
func (p *PNG) Rows(emit func(rgba []byte) error) *PNGRows {
	d := &PNGRows{png: p, todo: p.passes(), emit: emit, rgba: make([]byte, 4*p.Size.W)}
	if p.interlace {
		d.whole = make([]byte, 4*p.Size.W*p.Size.H)
	}
	d.line = make([]byte, 0, 1+d.length())
	d.before = make([]byte, d.length())
	return d
}

// length is the number of bytes of a row of the current pass.
func (d *PNGRows) length() int {
	return (d.todo[0].w*d.png.samples()*d.png.depth + 7) / 8
}

// Write takes in a piece of inflated data.
func (d *PNGRows) Write(data []byte) error {
	for len(data) > 0 {
		if len(d.todo) == 0 {
			return errPNGLonger
		}
		n := min(len(data), 1+d.length()-len(d.line))
		d.line = append(d.line, data[:n]...)
		data = data[n:]
		if len(d.line) == 1+d.length() {
			if err := d.finishRow(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close says whether every row has come. An interlaced picture's rows are
// given out here.
func (d *PNGRows) Close() error {
	if len(d.todo) > 0 {
		return errPNGShort
	}
	for y := 0; d.whole != nil && y < d.png.Size.H; y++ {
		if err := d.emit(d.whole[4*d.png.Size.W*y : 4*d.png.Size.W*(y+1)]); err != nil {
			return err
		}
	}
	return nil
}

func (d *PNGRows) finishRow() error {
	raw := d.line[1:]
	step := max(1, d.png.samples()*d.png.depth/8)
	if !unfilter(d.line[0], raw, d.before, step) {
		return errPNG
	}
	now := d.todo[0]
	d.expand(raw, now.w)
	if d.whole != nil {
		y := now.y0 + d.row*now.dy
		for i := range now.w {
			to := 4 * (y*d.png.Size.W + now.x0 + i*now.dx)
			copy(d.whole[to:to+4], d.rgba[4*i:])
		}
	} else if err := d.emit(d.rgba); err != nil {
		return err
	}
	copy(d.before, raw)
	d.line = d.line[:0]
	if d.row++; d.row == now.h {
		d.row = 0
		if d.todo = d.todo[1:]; len(d.todo) > 0 {
			d.before = make([]byte, d.length())
		}
	}
	return nil
}

// unfilter undoes PNG's row filters in place; step is the distance to the byte
// of the pixel on the left. It says false for a filter that does not exist.
func unfilter(filter byte, row, above []byte, step int) bool {
	switch filter {
	case 0:
	case 1:
		for i := step; i < len(row); i++ {
			row[i] += row[i-step]
		}
	case 2:
		for i := range row {
			row[i] += above[i]
		}
	case 3:
		for i := range row {
			left := 0
			if i >= step {
				left = int(row[i-step])
			}
			row[i] += byte((left + int(above[i])) / 2)
		}
	case 4:
		for i := range row {
			var a, c int
			if i >= step {
				a, c = int(row[i-step]), int(above[i-step])
			}
			row[i] += paeth(a, int(above[i]), c)
		}
	default:
		return false
	}
	return true
}

func paeth(a, b, c int) byte {
	pa, pb := abs(b-c), abs(a-c)
	pc := abs(a + b - 2*c)
	switch {
	case pa <= pb && pa <= pc:
		return byte(a)
	case pb <= pc:
		return byte(b)
	}
	return byte(c)
}

// be32 is encoding/binary's, which would link reflection.
func be32(b []byte) uint32 {
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func abs(v int) int { return max(v, -v) }

// expand writes w pixels of an unfiltered row to d.rgba.
func (d *PNGRows) expand(raw []byte, w int) {
	p := d.png
	n := p.samples()
	full := uint16(1<<p.depth - 1)
	var s [4]uint16
	for x := range w {
		for k := range n {
			switch i := x*n + k; p.depth {
			case 8:
				s[k] = uint16(raw[i])
			case 16:
				s[k] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
			default:
				bit := i * p.depth
				s[k] = uint16(raw[bit/8]>>(8-p.depth-bit%8)) & full
			}
		}
		to := d.rgba[4*x : 4*x+4]
		switch p.colour {
		case 3:
			copy(to, p.palette[s[0]][:])
			continue
		case 0, 4:
			v := p.byteOf(s[0], p.Depth)
			to[0], to[1], to[2], to[3] = v, v, v, 255
			if p.colour == 4 {
				to[3] = p.byteOf(s[1], 0)
			}
			s[1], s[2] = s[0], s[0]
		default:
			to[0], to[1], to[2], to[3] = p.byteOf(s[0], p.Depth), p.byteOf(s[1], p.Depth), p.byteOf(s[2], p.Depth), 255
			if p.colour == 6 {
				to[3] = p.byteOf(s[3], 0)
			}
		}
		if p.keyed && [3]uint16{s[0], s[1], s[2]} == p.key {
			to[3] = 0
		}
	}
}

// byteOf brings a sample to 8 bits: of 16 as the depth says, small ones spread
// over 0 to 255. Alpha has depth 0.
func (p *PNG) byteOf(v uint16, depth prep.Depth) byte {
	switch p.depth {
	case 16:
		return depth.Byte(v)
	case 8:
		return byte(v)
	}
	return byte(int(v) * 255 / (1<<p.depth - 1))
}
