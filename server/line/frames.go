package line

import (
	"bytes"
	"errors"
	"image/jpeg"
	"path/filepath"
	"strings"

	"semirest/server/picture"
	"semirest/server/plain"
	"semirest/server/source"
	"semirest/shared/prep"
)

// thumbSide is the longer side of a verdict's small picture, pixels.
const thumbSide = 160

// thumbnail makes the small picture of a verdict.
func thumbnail(rgb picture.RGB) ([]byte, error) {
	to := rgb.Size
	if long := max(to.W, to.H); long > thumbSide {
		to = prep.Size{W: max(1, to.W*thumbSide/long), H: max(1, to.H*thumbSide/long)}
		pix, err := prep.Resize(rgb.Pix, rgb.Size, to)
		if err != nil {
			return nil, err
		}
		rgb = picture.RGB{Size: to, Pix: pix}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, rgb.Image(), &jpeg.Options{Quality: 80})
	return b.Bytes(), err
}

// ending is that of a frame's file.
func ending(f source.Frame) string {
	if e := strings.ToLower(filepath.Ext(f.Name)); e != "" && len(e) <= 5 && !strings.ContainsAny(e, `/\ `) {
		return e
	}
	return ".jpg"
}

func tooLarge(err error) bool {
	_, ok := errors.AsType[*prep.SizeError](err)
	return ok
}

// why is what is said of a picture that cannot be read.
func why(err error) string { return plain.Error(err) }
