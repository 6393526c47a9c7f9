package client

import (
	"bytes"
	"errors"
	"strconv"

	"semirest/shared/prep"
)

// Errors of a file that only the Worker's surroundings can find.
var (
	ErrEmpty      = errors.New("the file is empty")
	ErrUnreadable = errors.New("the file cannot be read")
	ErrDecode     = errors.New("the browser cannot decode the picture")
	ErrMemory     = errors.New("the browser has no memory for the picture")
)

// Reason says to people why a picture could not be prepared and what to do.
func Reason(err error, format prep.Format) string {
	if e, ok := errors.AsType[*prep.HeaderError](err); ok {
		return "The " + e.Format.String() + " file is damaged: " + e.Reason + "."
	}
	if e, ok := errors.AsType[*prep.SizeError](err); ok {
		return "The picture has " + e.Size.String() + " pixels. The limit is " + strconv.Itoa(e.Limits.MaxSide) +
			" a side and " + strconv.FormatInt(e.Limits.MaxPixels/1_000_000, 10) + " megapixels: make it smaller or cut it."
	}
	switch {
	case errors.Is(err, ErrEmpty):
		return "The file is empty (0 bytes). Copy it again from where it came."
	case errors.Is(err, ErrUnreadable):
		return "The file cannot be read any more. Was it moved, changed or deleted? Add it again."
	case errors.Is(err, prep.ErrFormat) && format == prep.GIF:
		return "GIF pictures are not read here: save it as PNG."
	case errors.Is(err, prep.ErrFormat):
		return "This is not a picture that can be read here, whatever its name says. JPEG, PNG, WebP and BMP can."
	case errors.Is(err, prep.ErrShort), errors.Is(err, errPNGShort):
		return "The file is cut off: the end of the picture is missing. Copy it again from where it came."
	case errors.Is(err, ErrDecode) && format == prep.TIFF:
		return "This page cannot read TIFF pictures: save it as PNG, or bring it into a project, where TIFF is read."
	case errors.Is(err, ErrDecode):
		return "The " + format.String() + " file is damaged or cut off: this browser cannot decode it."
	case errors.Is(err, ErrMemory):
		return "The browser has no memory left for a picture of this size. Close other tabs, or make the picture smaller."
	case errors.Is(err, errPNG), errors.Is(err, errPNGKind), errors.Is(err, errPNGLonger):
		return "The PNG file is damaged."
	}
	return "The picture cannot be prepared: " + err.Error()
}

// HideOrientation spoils the marks by which browsers find an EXIF orientation
// in the part of a file that prep.ReadHeader read, in place. Browsers differ in
// which formats they turn and whether they can be told not to; without the
// marks all hand out the stored pixels, and prep turns them.
func HideOrientation(head []byte, format prep.Format) {
	switch format {
	case prep.JPEG:
		for at := 0; ; at += 4 {
			i := bytes.Index(head[at:], []byte("Exif\x00\x00"))
			if i < 0 {
				return
			}
			if at += i; at >= 4 && head[at-4] == 0xff && head[at-3] == 0xe1 {
				copy(head[at:], "hide")
			}
		}
	case prep.PNG:
		// A chunk with a wrong checksum is passed over where its name says that
		// it may be (small first letter).
		if i := bytes.Index(head, []byte("eXIf")); i >= 0 {
			copy(head[i:], "hiDe")
		}
	case prep.WebP:
		if i := bytes.Index(head, []byte("EXIF")); i >= 0 {
			copy(head[i:], "HIDE")
		}
	}
}
