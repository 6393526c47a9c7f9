package client

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"semirest/shared/prep"
)

func TestReasonsSayWhatToDo(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{ErrEmpty, "Copy it again"},
		{ErrUnreadable, "Add it again"},
		{prep.ErrFormat, "JPEG, PNG, WebP and BMP"},
		{prep.ErrShort, "cut off"},
		{errPNGShort, "cut off"},
		{errPNGLonger, "damaged"},
		{ErrDecode, "JPEG file is damaged or cut off"},
		{ErrMemory, "make the picture smaller"},
		{&prep.HeaderError{Format: prep.PNG, Reason: "the size is out of range"}, "PNG file is damaged: the size is out of range."},
		{prep.DefaultLimits.Check(prep.Size{W: 30000, H: 30000}), "30000x30000 pixels. The limit is 32767 a side and 128 megapixels"},
		{errors.New("something else"), "something else"},
	} {
		if got := Reason(c.err, prep.JPEG); !strings.Contains(got, c.want) {
			t.Errorf("%v: %q, want %q in it", c.err, got, c.want)
		}
	}
}

// What is not read is refused by name, with what to do.
func TestGIFIsRefusedByName(t *testing.T) {
	if got := Reason(prep.ErrFormat, prep.GIF); !strings.Contains(got, "GIF pictures are not read here") || prep.GIF.Read() || !prep.JPEG.Read() {
		t.Error(got)
	}
}

// A format that the browser lacks is not called damaged.
func TestTIFFIsNotDamaged(t *testing.T) {
	if got := Reason(ErrDecode, prep.TIFF); !strings.Contains(got, "save it as PNG") || strings.Contains(got, "damaged") {
		t.Error(got)
	}
}

func TestHideOrientation(t *testing.T) {
	exif := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	frame := []byte("\xff\xc0\x00\x0b\x08\x00\x08\x00\x10\x01\x01\x11\x00\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00")
	file := append(append([]byte("\xff\xd8"), exif...), frame...)
	if o := prep.ReadOrientation(file); o != 6 {
		t.Fatalf("orientation %d before", o)
	}
	pixels := append(bytes.Clone(file), "Exif\x00\x00 among the pixels"...)
	HideOrientation(pixels, prep.JPEG)
	if o := prep.ReadOrientation(pixels); o != prep.Upright {
		t.Errorf("orientation %d after", o)
	}
	if !bytes.Contains(pixels, []byte("Exif\x00\x00 among")) {
		t.Error("bytes that only look like the mark were changed")
	}
	short := []byte("Exif\x00\x00")
	HideOrientation(short, prep.JPEG) // at the very beginning: nothing before it to look at
}
