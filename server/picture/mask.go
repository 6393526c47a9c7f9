package picture

import (
	"fmt"

	"semirest/shared/prep"
)

// Mask reads a ground-truth picture: [h, w] of 0 (normal) and 1 (anomalous). A
// pixel is anomalous when its grey level is above half of the largest in the
// file, which reads masks of 0 and 255, of 0 and 1, and ones with smoothed edges.
// A file that is black throughout marks nothing; the caller decides whether that
// is an error.
func Mask(path string, l prep.Limits) (prep.Size, []byte, error) {
	p, err := DecodeFile(path, l)
	if err != nil {
		return prep.Size{}, nil, fmt.Errorf("mask: %w", err)
	}
	return p.Size, marked(p), nil
}

// DecodeMask is Mask on a file's bytes.
func DecodeMask(data []byte, l prep.Limits) (prep.Size, []byte, error) {
	p, err := Decode(data, l)
	if err != nil {
		return prep.Size{}, nil, fmt.Errorf("mask: %w", err)
	}
	return p.Size, marked(p), nil
}

func marked(p RGB) []byte {
	mask := make([]byte, p.W*p.H)
	var top byte
	for i := range mask {
		mask[i] = max(p.Pix[3*i], p.Pix[3*i+1], p.Pix[3*i+2])
		top = max(top, mask[i])
	}
	for i, v := range mask {
		mask[i] = 0
		if 2*int(v) > int(top) {
			mask[i] = 1
		}
	}
	return mask
}
