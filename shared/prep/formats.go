package prep

import "strconv"

// jpeg walks the marker segments up to the first scan (ITU T.81, annex B).
func (h *Header) jpeg(head []byte) error {
	at := 2
	for {
		// Any number of 0xff bytes may stand before a marker.
		if at >= len(head) {
			return ErrShort
		}
		if head[at] != 0xff {
			return h.bad("no marker where one must be")
		}
		for at < len(head) && head[at] == 0xff {
			at++
		}
		if at >= len(head) {
			return ErrShort
		}
		marker := head[at]
		at++
		switch {
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd7:
			continue // stands alone
		case marker == 0xd9 || marker == 0x00:
			return h.bad("it ends before the picture begins")
		}
		if at+2 > len(head) {
			return ErrShort
		}
		n := int(be16(head[at:]))
		if n < 2 {
			return h.bad("a segment is shorter than its length field")
		}
		if marker == 0xda {
			if h.Stored == (Size{}) {
				return h.bad("a scan comes before the frame's size")
			}
			return nil
		}
		if at+n > len(head) {
			return ErrShort
		}
		segment := head[at+2 : at+n]
		at += n
		switch {
		case marker == 0xe1 && len(segment) > 6 && string(segment[:6]) == "Exif\x00\x00":
			if o := exifOrientation(segment[6:]); o != 0 {
				h.Orientation = o
			}
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			if len(segment) < 6 {
				return h.bad("the frame's header is too short")
			}
			if h.Stored != (Size{}) {
				return h.bad("two frames")
			}
			h.Bits, h.Channels, h.Passes = int(segment[0]), int(segment[5]), marker == 0xc2
			switch {
			case h.Bits != 8:
				h.Odd = "samples of " + strconv.Itoa(h.Bits) + " bits"
			case marker > 0xc8:
				h.Odd = "arithmetic coding"
			case marker > 0xc2:
				h.Odd = "lossless or hierarchical coding"
			}
			h.Stored = Size{W: int(be16(segment[3:])), H: int(be16(segment[1:]))}
			if h.Stored.W == 0 || h.Stored.H == 0 {
				return h.bad("the picture is empty, or tells its height only after the pixels")
			}
		}
	}
}

// png walks the chunks up to the first IDAT (PNG, third edition, section 11).
func (h *Header) png(head []byte) error {
	for at, first := 8, true; ; first = false {
		if at+8 > len(head) {
			return ErrShort
		}
		n, name := be32(head[at:]), string(head[at+4:at+8])
		if first && (name != "IHDR" || n != 13) {
			return h.bad("it does not begin with IHDR")
		}
		if name == "IDAT" {
			return nil
		}
		if name == "IEND" {
			return h.bad("it ends before the picture begins")
		}
		if n > 1<<31-1 {
			return h.bad("a chunk's length is out of range")
		}
		if int64(at)+12+int64(n) > int64(len(head)) {
			return ErrShort
		}
		data := head[at+8 : at+8+int(n)]
		at += 12 + int(n)
		switch name {
		case "IHDR":
			if !first {
				return h.bad("two IHDR chunks")
			}
			w, height := be32(data), be32(data[4:])
			if w > 1<<31-1 || height > 1<<31-1 {
				return h.bad("the size is out of range")
			}
			h.Stored, h.Bits, h.Passes = Size{W: int(w), H: int(height)}, int(data[8]), data[12] == 1
			switch data[9] {
			case 0, 3:
				h.Channels = 1
			case 2:
				h.Channels = 3
			case 4:
				h.Channels, h.Alpha = 2, true
			case 6:
				h.Channels, h.Alpha = 4, true
			default:
				return h.bad("unknown type of colour")
			}
		case "tRNS":
			h.Alpha = true
		case "eXIf":
			if o := exifOrientation(data); o != 0 {
				h.Orientation = o
			}
		}
	}
}

// webp reads the first chunk and, where it announces one, the EXIF chunk,
// which comes after the pixels (Google, WebP container specification).
func (h *Header) webp(head []byte) error {
	h.Bits, h.Channels = 8, 3
	if len(head) < 30 {
		return ErrShort
	}
	body := head[20:]
	switch string(head[12:16]) {
	case "VP8 ":
		if string(body[3:6]) != "\x9d\x01\x2a" {
			return h.bad("no key frame")
		}
		h.Stored = Size{W: int(le16(body[6:]) & 0x3fff), H: int(le16(body[8:]) & 0x3fff)}
		return nil
	case "VP8L":
		if body[0] != 0x2f {
			return h.bad("no lossless frame")
		}
		v := le32(body[1:])
		h.Stored = Size{W: int(v&0x3fff) + 1, H: int(v>>14&0x3fff) + 1}
		h.Alpha = v>>28&1 == 1
		if h.Alpha {
			h.Channels = 4
		}
		return nil
	case "VP8X":
	default:
		return h.bad("unknown first chunk")
	}
	h.Stored = Size{W: int(le24(body[4:])) + 1, H: int(le24(body[7:])) + 1}
	if h.Alpha = body[0]&0x10 != 0; h.Alpha {
		h.Channels = 4
	}
	if body[0]&0x08 == 0 {
		return nil
	}
	end := 8 + int64(le32(head[4:])) // of the RIFF chunk
	for at := int64(12); at+8 <= end; {
		if at+8 > int64(len(head)) {
			return ErrShort
		}
		n := int64(le32(head[at+4:]))
		if string(head[at:at+4]) == "EXIF" {
			if at+8+n > int64(len(head)) {
				return ErrShort
			}
			exif := head[at+8 : at+8+n]
			if len(exif) > 6 && string(exif[:6]) == "Exif\x00\x00" { // some writers keep JPEG's prefix
				exif = exif[6:]
			}
			if o := exifOrientation(exif); o != 0 {
				h.Orientation = o
			}
			return nil
		}
		at += 8 + n + n&1
	}
	return nil
}

// bmp reads the size; a negative height says that rows run downwards.
func (h *Header) bmp(head []byte) error {
	if len(head) < 34 {
		return ErrShort
	}
	if n := le32(head[14:]); n < 40 {
		return h.bad("the header is older than Windows 3")
	}
	w, height := int64(int32(le32(head[18:]))), int64(int32(le32(head[22:])))
	if height < 0 {
		height = -height
	}
	if height > 1<<31-1 {
		return h.bad("the size is out of range")
	}
	h.Stored, h.Bits, h.Channels = Size{W: int(w), H: int(height)}, 8, 3
	switch bits := le16(head[28:]); {
	case bits == 32:
		h.Channels, h.Alpha = 4, true
	case bits == 16:
		h.Odd = "16 bits a pixel"
	}
	if h.Odd == "" {
		switch kind := le32(head[30:]); {
		case kind == 1 || kind == 2:
			h.Odd = "run lengths"
		case kind > 3:
			h.Odd = "another picture within"
		}
	}
	return nil
}

func be16(p []byte) uint16 { return uint16(p[0])<<8 | uint16(p[1]) }

func be32(p []byte) uint32 { return uint32(be16(p))<<16 | uint32(be16(p[2:])) }

func le16(p []byte) uint16 { return uint16(p[0]) | uint16(p[1])<<8 }

func le24(p []byte) uint32 { return uint32(le16(p)) | uint32(p[2])<<16 }

func le32(p []byte) uint32 { return uint32(le16(p)) | uint32(le16(p[2:]))<<16 }
