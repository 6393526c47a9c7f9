package coco

import (
	"encoding/json"
	"fmt"
	"strings"

	"semirest/server/format"
	"semirest/server/format/outline"
	"semirest/server/format/tolerant"
)

// COCO's run-length coding of a mask: the lengths of runs, of pixels that are
// not marked and that are, in turn, beginning with not marked, down the columns
// from left to right (pycocotools, common/maskApi.h).
//
// Compressed, each length from the fourth on is less the one two before; then
// each number, in two's complement, is parted into groups of five bits from the
// lowest on, as many as leave the sign clear; a group is the character 48 plus
// its value, plus 32 where another group follows.

// rle is a segmentation by runs in COCO's JSON.
type rle struct {
	Size   [2]int          `json:"size"`   // height, width
	Counts json.RawMessage `json:"counts"` // string: compressed; array: not
}

// runLengths codes a region of a picture h pixels high and w wide.
func runLengths(g outline.Region, w, h int) []int {
	bw, bh := g.Bounds.Dx(), g.Bounds.Dy()
	bits := g.Bitmap()
	var out []int
	at := 0 // where the last run ends, down the columns
	var on byte
	for x := range bw {
		top := (g.Bounds.Min.X+x)*h + g.Bounds.Min.Y
		if on != 0 && g.Bounds.Min.Y > 0 { // the column above the bounds is not marked
			out, at, on = append(out, top-g.Bounds.Min.Y-at), top-g.Bounds.Min.Y, 0
		}
		for y := range bh {
			if v := bits[y*bw+x]; v != on {
				out, at, on = append(out, top+y-at), top+y, v
			}
		}
		if end := top + bh; on != 0 && g.Bounds.Max.Y < h {
			out, at, on = append(out, end-at), end, 0
		}
	}
	if end := g.Bounds.Max.X * h; on != 0 && end < w*h {
		out, at = append(out, end-at), end
	}
	return append(out, w*h-at)
}

// compress writes counts as COCO's string.
func compress(counts []int) string {
	var b strings.Builder
	for i, c := range counts {
		x := int64(c)
		if i > 2 {
			x -= int64(counts[i-2])
		}
		for more := true; more; {
			group := byte(x & 0x1f)
			x >>= 5
			more = x != 0
			if group&0x10 != 0 {
				more = x != -1
			}
			if more {
				group |= 0x20
			}
			b.WriteByte(group + 48)
		}
	}
	return b.String()
}

// decompress is the inverse of compress. Its counts are as hostile as the
// string.
func decompress(s string) ([]int, error) {
	var out []int
	for p := 0; p < len(s); {
		x := int64(0)
		for k := 0; ; k++ {
			if p == len(s) || s[p] < 48 || s[p] > 111 || k > 7 {
				return nil, fmt.Errorf("%w: compressed runs of a mask", format.ErrSyntax)
			}
			group := int64(s[p] - 48)
			p++
			x |= group & 0x1f << (5 * k)
			if group&0x20 == 0 {
				if group&0x10 != 0 {
					x |= -1 << (5 * (k + 1))
				}
				break
			}
		}
		if len(out) > 2 {
			x += int64(out[len(out)-2])
		}
		if x < 0 || x > 1<<31 {
			return nil, fmt.Errorf("%w: a run of a mask has %d pixels", format.ErrSyntax, x)
		}
		out = append(out, int(x))
	}
	return out, nil
}

// runs reads the counts in either form.
func (r rle) runs() ([]int, error) {
	if len(r.Counts) > 0 && r.Counts[0] == '"' {
		var s string
		if err := json.Unmarshal(r.Counts, &s); err != nil {
			return nil, fmt.Errorf("%w: %s", format.ErrSyntax, tolerant.Words(err))
		}
		return decompress(s)
	}
	var out []int
	if err := json.Unmarshal(r.Counts, &out); err != nil {
		return nil, fmt.Errorf("%w: runs of a mask: %s", format.ErrSyntax, tolerant.Words(err))
	}
	return out, nil
}

// mark sets the pixels that runs mark in pix, [h, w].
func mark(pix []byte, w, h int, runs []int) error {
	left := w * h // checked first: runs that do not fit mark nothing
	for _, n := range runs {
		if n < 0 || n > left {
			left = -1
			break
		}
		left -= n
	}
	if left != 0 {
		return fmt.Errorf("%w: the runs of a mask do not fit %d x %d pixels", format.ErrSyntax, w, h)
	}
	at := 0
	for i, n := range runs {
		if i%2 == 1 {
			x, y := at/h, at%h
			for range n {
				pix[y*w+x] = 1
				if y++; y == h {
					x, y = x+1, 0
				}
			}
		}
		at += n
	}
	return nil
}
