package prep

import "strconv"

// directory is the first image directory of a TIFF file (TIFF 6.0, section 2),
// which is also what an EXIF block holds.
type directory struct {
	data         []byte
	get16        func([]byte) uint16
	get32        func([]byte) uint32
	big          bool // BigTIFF: offsets of 64 bits, which nothing here reads
	at, n, short int  // where the entries begin, how many lie within data, how many do not
}

// Tags of TIFF 6.0.
const (
	tagWidth        = 256
	tagHeight       = 257
	tagBits         = 258
	tagPhotometric  = 262
	tagOrientation  = 274
	tagSamples      = 277
	tagPlanes       = 284
	tagExtra        = 338
	tagSampleFormat = 339
)

// readDirectory finds the directory; false: data is no TIFF file.
func readDirectory(data []byte) (d directory, ok bool) {
	if len(data) < 8 {
		return d, false
	}
	d = directory{data: data, get16: le16, get32: le32}
	switch string(data[:4]) {
	case "II*\x00":
	case "MM\x00*":
		d.get16, d.get32 = be16, be32
	case "II+\x00", "MM\x00+":
		d.big = true
		return d, true
	default:
		return d, false
	}
	at := int64(d.get32(data[4:]))
	if at+2 > int64(len(data)) {
		d.short = 1
		return d, true
	}
	d.at = int(at) + 2
	all := int(d.get16(data[at:]))
	d.n = min(all, (len(data)-d.at)/12)
	d.short = all - d.n
	return d, true
}

// value is the first number of a tag and how many it has: 0 where the tag is not
// there or holds no whole numbers, -1 where its numbers lie beyond the data.
func (d directory) value(tag uint16) (v uint32, n int64) {
	for i := range d.n {
		e := d.data[d.at+12*i:]
		if d.get16(e) != tag {
			continue
		}
		n = int64(d.get32(e[4:]))
		switch kind, field := d.get16(e[2:]), e[8:12]; {
		case n == 0:
		case kind == 3 && n <= 2: // SHORT, within the entry
			return uint32(d.get16(field)), n
		case kind == 3:
			at := int64(d.get32(field))
			if at+2 > int64(len(d.data)) {
				return 0, -1
			}
			return uint32(d.get16(d.data[at:])), n
		case kind == 4 && n == 1: // LONG
			return d.get32(field), n
		}
		return 0, 0
	}
	return 0, 0
}

// orientation is tag 274; 0 when there is none or the value is none of 1 to 8.
// Some cameras write it as LONG.
func (d directory) orientation() Orientation {
	if v, n := d.value(tagOrientation); n == 1 && v >= 1 && v <= 8 {
		return Orientation(v)
	}
	return 0
}

// tiff reads the first directory, which may lie anywhere in the file.
func (h *Header) tiff(head []byte) error {
	d, _ := readDirectory(head)
	if d.big {
		h.Odd = "BigTIFF"
		return h.bad("BigTIFF is not read here")
	}
	if d.short > 0 {
		return ErrShort
	}
	var v [8]int
	for i, f := range [8]struct {
		tag       uint16
		otherwise int
	}{{tagWidth, 0}, {tagHeight, 0}, {tagBits, 1}, {tagPhotometric, 1}, {tagSamples, 1}, {tagPlanes, 1}, {tagExtra, -1}, {tagSampleFormat, 1}} {
		x, n := d.value(f.tag)
		switch {
		case n < 0:
			return ErrShort
		case n == 0:
			v[i] = f.otherwise
		case x > 1<<31-1:
			return h.bad("a number is out of range")
		default:
			v[i] = int(x)
		}
	}
	h.Stored, h.Bits, h.Channels, h.Alpha = Size{W: v[0], H: v[1]}, v[2], v[4], v[6] >= 0
	if o := d.orientation(); o != 0 {
		h.Orientation = o
	}
	switch photometric, planes, format := v[3], v[5], v[7]; {
	case format == 3:
		h.Odd = "samples that are floating-point numbers"
	case format == 2:
		h.Odd = "samples with a sign"
	case h.Bits > 16 || h.Bits > 8 && h.Bits < 16:
		h.Odd = "samples of " + strconv.Itoa(h.Bits) + " bits"
	case photometric == 5:
		h.Odd = "CMYK colours"
	case photometric == 6:
		h.Odd = "YCbCr colours"
	case photometric > 6:
		h.Odd = "an unusual colour model"
	case planes == 2 && h.Channels > 1:
		h.Odd = "colours in separate planes"
	}
	return nil
}
