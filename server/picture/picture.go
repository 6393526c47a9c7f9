// Package picture decodes image files into what a detector looks at: upright
// 8-bit RGB.
//
// The rules, the same as in the browser (package prep states those of both):
//
//   - EXIF orientation 1 to 8 is applied; every size and coordinate in this
//     project is of the upright picture.
//   - 16-bit samples keep the high byte of the bits that a detector's pictures use
//     (prep.Depth); alpha is laid over white.
//   - Grey is copied to the three channels; CMYK goes through Go's colour model
//     (Adobe's inverted files included).
//   - Chroma of JPEG is interpolated as libjpeg does it (see jpeg.go), so that a
//     picture looks the same to the server that trains and to the browser that
//     sends its pixels.
//
// Files are judged by their bytes, never by their name, and their header is read
// before anything is allocated for their pixels.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	_ "image/png"
	"io"
	"os"

	"golang.org/x/image/bmp" // formats register themselves
	"golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"semirest/shared/prep"
)

// What may be wrong with a file. Callers answer a client by these; a picture of
// too many pixels is a *prep.SizeError.
var (
	// ErrEmpty: the file has no bytes.
	ErrEmpty = errors.New("the file is empty")
	// ErrFormat: the bytes are no picture of a known format, whatever the name says.
	ErrFormat = errors.New("not a picture (JPEG, PNG, WebP, BMP or TIFF)")
	// ErrUnsupported: a whole picture, of a kind of its format that is not read here.
	ErrUnsupported = errors.New("this kind of picture is not read here: save it as PNG or TIFF of 8 or 16 bits a sample")
	// ErrDamaged: the header is a picture's and the rest is not, most often cut short.
	ErrDamaged = errors.New("the picture is damaged or cut short")
	// ErrBytes: the file itself is too large to be read.
	ErrBytes = fmt.Errorf("the file is larger than %d MiB", MaxBytes>>20)
)

// MaxBytes bounds a file.
const MaxBytes = 512 << 20

// RGB is an upright picture, Pix [H, W, 3].
type RGB struct {
	prep.Size
	Pix []byte
}

// Decode turns a file's bytes into pixels. The error wraps ErrEmpty, ErrFormat,
// ErrUnsupported, ErrDamaged, ErrBytes or a *prep.SizeError.
func Decode(data []byte, l prep.Limits) (RGB, error) { return DecodeDepth(data, l, 0) }

// DecodeFile is DecodeDepth on a file; the error names it.
func DecodeFile(path string, l prep.Limits, depth prep.Depth) (RGB, error) {
	data, err := ReadFile(path)
	if err != nil {
		return RGB{}, err
	}
	p, err := DecodeDepth(data, l, depth)
	if err != nil {
		return RGB{}, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// SizeOf reads the upright size of a picture from the header in a file's bytes.
func SizeOf(data []byte, l prep.Limits) (prep.Size, error) {
	stored, err := header(data, l)
	if err != nil {
		return prep.Size{}, err
	}
	return prep.ReadOrientation(data).Size(stored), nil
}

// FileSize is SizeOf on a file; the error names it.
func FileSize(path string, l prep.Limits) (prep.Size, error) {
	data, err := ReadFile(path)
	if err != nil {
		return prep.Size{}, err
	}
	size, err := SizeOf(data, l)
	if err != nil {
		return prep.Size{}, fmt.Errorf("%s: %w", path, err)
	}
	return size, nil
}

// ReadFile reads a file of up to MaxBytes.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%s: %w", path, ErrBytes)
	}
	return data, nil
}

// header returns the stored size, before orientation.
func header(data []byte, l prep.Limits) (prep.Size, error) {
	if len(data) == 0 {
		return prep.Size{}, ErrEmpty
	}
	if len(data) > MaxBytes {
		return prep.Size{}, ErrBytes
	}
	h, _ := prep.ReadHeader(data)
	if !h.Format.Read() { // whatever decoders are linked in
		return prep.Size{}, ErrFormat
	}
	if h.Odd != "" {
		return prep.Size{}, unsupported(h.Format.String(), h.Odd)
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if errors.Is(err, image.ErrFormat) {
		return prep.Size{}, ErrFormat
	}
	if err != nil {
		return prep.Size{}, damage(err)
	}
	size := prep.Size{W: cfg.Width, H: cfg.Height}
	return size, l.Check(size)
}

// decode keeps a panic of a decoder on hostile bytes from ending the server.
func decode(data []byte) (img image.Image, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, r)
		}
	}()
	img, _, err = image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, damage(err)
	}
	return img, nil
}

// damage tells a decoder's two kinds of errors apart: a file that is whole and
// one that is not. People copy a file that is called damaged again, in vain.
func damage(err error) error {
	if e, ok := errors.AsType[tiff.UnsupportedError](err); ok {
		return unsupported("TIFF", string(e))
	}
	// A marker that the decoder does not know is bytes gone wrong: prep's header names the kinds that are whole.
	if e, ok := errors.AsType[jpeg.UnsupportedError](err); ok && e != "unknown marker" {
		return unsupported("JPEG", string(e))
	}
	if errors.Is(err, bmp.ErrUnsupported) {
		return unsupported("BMP", "an unusual header")
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

func unsupported(format, what string) error {
	return fmt.Errorf("a %s file with %s: %w", format, what, ErrUnsupported)
}
