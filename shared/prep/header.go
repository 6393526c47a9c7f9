package prep

import "errors"

// Format is a picture file's format.
type Format uint8

const (
	JPEG Format = iota + 1
	PNG
	WebP
	GIF
	BMP
	TIFF
)

// String is the format's usual name.
func (f Format) String() string {
	switch f {
	case JPEG:
		return "JPEG"
	case PNG:
		return "PNG"
	case WebP:
		return "WebP"
	case GIF:
		return "GIF"
	case BMP:
		return "BMP"
	case TIFF:
		return "TIFF"
	}
	return "unknown"
}

// Read says whether pictures of the format are read here, in the browser as on the
// server: the one place that decides. GIF is told apart only to be refused by name:
// 256 colours are no measurement, and nobody says which of its frames counts.
func (f Format) Read() bool { return f != GIF }

// Header is what a file says about its picture before any pixel is decoded.
type Header struct {
	Format      Format
	Stored      Size        // as the file holds it
	Orientation Orientation // 1 to 8
	Bits        int         // of a sample: 8, 16, ... (of a palette's index for PNG and GIF)
	Channels    int         // 1 grey or palette, 2 grey and alpha, 3 colour, 4 colour and alpha or CMYK
	Alpha       bool        // some pixels may be transparent
	Passes      bool        // the pixels come in several passes over the whole picture: progressive or interlaced
	Odd         string      // what makes it a kind of its format that Go's decoders do not read, in words; ""
}

// Upright is the picture's size as it is to be looked at.
func (h Header) Upright() Size { return h.Orientation.Size(h.Stored) }

var (
	// ErrFormat means that the bytes begin like no picture this package knows.
	ErrFormat = errors.New("prep: not a JPEG, PNG, WebP, GIF, BMP or TIFF picture")

	// ErrShort means that the header does not end within the bytes given: read
	// more of the file. If there is no more, the file is cut off.
	ErrShort = errors.New("prep: the picture's header is cut off")
)

// HeaderError says why a header is no good.
type HeaderError struct {
	Format Format
	Reason string
}

func (e *HeaderError) Error() string { return "prep: " + e.Format.String() + " header: " + e.Reason }

// ReadHeader reads a picture file's size, orientation and kind of pixels from
// its beginning. head may be the whole file or its first part; 64 KiB are
// nearly always enough, but for TIFF, which holds its header anywhere. Errors are ErrFormat, ErrShort and *HeaderError. Sizes
// are not checked against limits, but are never 0. It allocates nothing that
// depends on the file.
//
// A damaged EXIF block counts as none. Of a PNG, an eXIf chunk after the first
// IDAT is not looked at, as browsers do not.
func ReadHeader(head []byte) (Header, error) {
	h := Header{Orientation: Upright}
	var err error
	switch {
	case len(head) < 12:
		// Shorter than any signature with its size; still tell text from a
		// picture that is cut off.
		for _, s := range []string{"\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "RIFF", "GIF8", "BM", "II*\x00", "MM\x00*"} {
			n := min(len(s), len(head))
			if string(head[:n]) == s[:n] {
				return h, ErrShort
			}
		}
		return h, ErrFormat
	case string(head[:3]) == "\xff\xd8\xff":
		h.Format = JPEG
		err = h.jpeg(head)
	case string(head[:8]) == "\x89PNG\r\n\x1a\n":
		h.Format = PNG
		err = h.png(head)
	case string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		h.Format = WebP
		err = h.webp(head)
	case string(head[:4]) == "GIF8":
		h.Format, h.Bits, h.Channels, h.Alpha = GIF, 8, 1, true
		h.Stored = Size{W: int(le16(head[6:])), H: int(le16(head[8:]))}
	case string(head[:2]) == "BM":
		h.Format = BMP
		err = h.bmp(head)
	case string(head[:4]) == "II*\x00" || string(head[:4]) == "MM\x00*" || string(head[:4]) == "II+\x00" || string(head[:4]) == "MM\x00+":
		h.Format = TIFF
		err = h.tiff(head)
	default:
		return h, ErrFormat
	}
	if err == nil && (h.Stored.W <= 0 || h.Stored.H <= 0) {
		err = h.bad("the picture is empty")
	}
	return h, err
}

// ReadOrientation reads the orientation of a JPEG, PNG, WebP or TIFF file from
// its beginning; Upright when there is none or it is damaged. A TIFF file may
// hold it anywhere, so that its beginning need not be enough.
func ReadOrientation(head []byte) Orientation {
	h, err := ReadHeader(head)
	if err != nil && !errors.Is(err, ErrShort) {
		return Upright
	}
	return h.Orientation
}

func (h *Header) bad(reason string) error { return &HeaderError{Format: h.Format, Reason: reason} }
