package picture

import (
	"fmt"
	"image"

	"semirest/shared/prep"
)

// DecodeDepth is Decode with the depth that a detector's 16-bit pictures have.
func DecodeDepth(data []byte, l prep.Limits, depth prep.Depth) (RGB, error) {
	if _, err := header(data, l); err != nil {
		return RGB{}, err
	}
	img, err := decode(data)
	if err != nil {
		return RGB{}, err
	}
	if depth == prep.OwnDepth {
		depth, _ = depthOf(img)
	}
	if depth != 0 {
		deep(img, func(high *byte, sample uint16) { *high = depth.Byte(sample) })
	}
	stored := toRGB(img)
	turn := prep.ReadOrientation(data)
	return RGB{Size: turn.Size(stored.Size), Pix: turn.Turn(stored.Pix, stored.Size, 3)}, nil
}

// DepthOf finds out how many bits a file's samples use, the header first: false for
// a file of 8 bits, or of none, whose depth is as good as any.
func DepthOf(data []byte, l prep.Limits) (depth prep.Depth, has bool, err error) {
	if _, err := header(data, l); err != nil {
		return 0, false, err
	}
	if h, err := prep.ReadHeader(data); err != nil || h.Bits != 16 {
		return 0, false, nil
	}
	img, err := decode(data)
	if err != nil {
		return 0, false, err
	}
	depth, has = depthOf(img)
	return depth, has, nil
}

func depthOf(img image.Image) (prep.Depth, bool) {
	top := uint16(0)
	deep(img, func(_ *byte, sample uint16) { top = max(top, sample) })
	if top == 0 {
		return 0, false
	}
	return prep.DepthOf(top), true
}

// FileDepth is DepthOf on a file.
func FileDepth(path string, l prep.Limits) (prep.Depth, bool, error) {
	data, err := ReadFile(path)
	if err != nil {
		return 0, false, err
	}
	return DepthOf(data, l)
}

// DepthNote says what a detector of one depth makes of pictures of another, "" where
// that is nothing to speak of.
func DepthNote(detector, own prep.Depth) string {
	switch {
	case detector == own:
		return ""
	case detector == 0:
		return fmt.Sprintf("of 16-bit files only %d bits are used, of which the model does not know: it sees them nearly black; train it again on such pictures", own)
	case own == 0 || own > detector:
		return fmt.Sprintf("16-bit files are brighter than the %d bits of those that the model learnt from: what is beyond is white", detector)
	}
	return "" // darker ones of the same camera
}

// deep calls each for the samples of colour of a picture of 16 bits, with where its
// high byte is. Alpha has all 16 bits whatever the camera.
func deep(img image.Image, each func(high *byte, sample uint16)) {
	var pix []byte
	samples, step := 1, 1
	switch m := img.(type) {
	case *image.Gray16:
		pix = m.Pix
	case *image.NRGBA64:
		pix, samples, step = m.Pix, 3, 4
	case *image.RGBA64:
		pix, samples, step = m.Pix, 3, 4
	}
	for at := 0; at < len(pix); at += 2 * step {
		if step == 4 && pix[at+6]|pix[at+7] == 0 {
			continue // what hides under full transparency is arbitrary
		}
		for i := range samples {
			p := pix[at+2*i : at+2*i+2]
			each(&p[0], be16(p))
		}
	}
}
