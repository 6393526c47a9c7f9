package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"

	"semirest/shared/prep"
)

// A mask means what its picture shows: what is black or transparent is
// background, everything else is a defect. Programs write masks in many ways, and
// this file and masklevels.go are the one place that reads them, for whoever asks:
// ground truth, labels, training, evaluation, imports.
//
// Words:
//
//   - A pixel's level is its grey value, or the largest of its three channels, at
//     the depth of the file; 0 where it is transparent.
//   - A level is real when somebody painted with it. The others lie between two
//     real ones, where an edge was smoothed or a lossy file blurred it: all but a
//     few of their pixels have a brighter neighbour.
//   - Class numbers are levels up to 100 in a lossless file without others: 0, 1, 2.
//     Beside them the largest number of the file's depth, 255 or 65535, is the void
//     rim of Pascal VOC, of which nobody said what it shows: it is not marked.
//
// Where levels are not class numbers, a pixel is a defect above half of the
// darkest real level but background, which puts a smoothed edge in its middle.

// ErrMask: it cannot be told what of a mask is background.
var ErrMask = errors.New("what is background in this mask cannot be told")

// Mask reads a ground-truth picture: [h, w] of 0 (normal) and 1 (anomalous),
// upright. A file that is black throughout marks nothing; the caller decides
// whether that is an error. Errors are Decode's and ErrMask.
func Mask(path string, l prep.Limits) (prep.Size, []byte, error) {
	data, err := ReadFile(path)
	if err != nil {
		return prep.Size{}, nil, fmt.Errorf("mask: %w", err)
	}
	size, mask, err := DecodeMask(data, l)
	if err != nil {
		return prep.Size{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	return size, mask, nil
}

// DecodeMask is Mask on a file's bytes.
func DecodeMask(data []byte, l prep.Limits) (prep.Size, []byte, error) {
	fail := func(err error) (prep.Size, []byte, error) { return prep.Size{}, nil, fmt.Errorf("mask: %w", err) }
	if _, err := header(data, l); err != nil {
		return fail(err)
	}
	img, err := decode(data)
	if err != nil {
		return fail(err)
	}
	m := levelsOf(img)
	if h, _ := prep.ReadHeader(data); h.Format == prep.JPEG {
		m.lossy = true
	}
	marked, err := m.marked()
	if err != nil {
		return fail(err)
	}
	turn := prep.ReadOrientation(data)
	return turn.Size(m.Size), turn.Turn(marked, m.Size, 1), nil
}

// MaskFile reads a mask and gives its upright size and the PNG file that is kept of
// it, grey, 0 normal and 255 anomalous: the file itself where it is that already.
// Whoever looks at it, a browser included, then sees what was understood.
func MaskFile(data []byte, l prep.Limits) (prep.Size, []byte, error) {
	size, mask, err := DecodeMask(data, l)
	if err != nil {
		return prep.Size{}, nil, err
	}
	for i := range mask {
		mask[i] *= 255
	}
	if img, err := decode(data); err == nil {
		if g, ok := img.(*image.Gray); ok && size.W == g.Stride && prep.ReadOrientation(data) == prep.Upright && bytes.Equal(g.Pix, mask) {
			if h, _ := prep.ReadHeader(data); h.Format == prep.PNG {
				return size, data, nil
			}
		}
	}
	var out bytes.Buffer
	quick := png.Encoder{CompressionLevel: png.BestSpeed} // a mask is mostly runs, which pack well either way
	err = quick.Encode(&out, &image.Gray{Pix: mask, Stride: size.W, Rect: image.Rect(0, 0, size.W, size.H)})
	return size, out.Bytes(), err
}

const (
	maxClass  = 100 // the largest level that counts as a class number
	maxClean  = 32  // more levels than this come from smoothing or noise
	leastSeen = 64  // the brightest level of a lossy mask must reach this
	noise     = 8   // by how much lossy files change a level
)

// marked decides which pixels are a defect.
func (m *levels) marked() ([]byte, error) {
	mask := make([]byte, len(m.at))
	s := m.stats()
	switch {
	case s.top == 0:
		return mask, nil
	case s.count[0] == 0 && !m.grey:
		return nil, fmt.Errorf("%w: none of it is black or transparent: paint black what is not a defect", ErrMask)
	case m.lossy && s.top < leastSeen:
		return nil, fmt.Errorf("%w: it is a JPEG file of levels up to %d, which JPEG blurs: save it as PNG", ErrMask, s.top)
	}
	if !m.lossy && s.between(maxClass+1, m.void-1) == 0 && s.between(1, maxClass) > 0 {
		if classes := s.count[m.void] == 0 || s.flat > 0 || s.between(1, maxClass) > s.count[m.void]; classes {
			if s.count[0] == 0 && s.distinct > 1 {
				return nil, fmt.Errorf("%w: it holds several class numbers, and none is 0: give 0 to what is not a defect", ErrMask)
			}
			for i, v := range m.at {
				if v > 0 && v != m.void {
					mask[i] = 1
				}
			}
			return mask, nil
		}
	}
	darkest, err := s.darkest(m)
	if err != nil {
		return nil, err
	}
	for i, v := range m.at {
		if 2*int(v) > darkest {
			mask[i] = 1
		}
	}
	return mask, nil
}

// stats counts a mask's levels.
type stats struct {
	top, low int      // the largest level, the smallest
	distinct int      // levels that are there
	count    []uint32 // pixels of each level
	lone     []uint32 // those of them without a brighter neighbour
	flat     int      // pixels of class numbers with all neighbours equal
	noisy    bool
}

func (s *stats) between(low, high uint16) (n uint32) {
	for v := int(low); v <= int(high); v++ {
		n += s.count[v]
	}
	return n
}

// stats reads the levels. Where there are too many of them to be painted ones,
// those of 16 bits are brought to 8: only edges matter then.
func (m *levels) stats() *stats {
	s := &stats{count: make([]uint32, 1<<16), lone: make([]uint32, 1<<16)}
	count := func() {
		clear(s.count)
		s.top, s.low, s.distinct = 0, 1<<16, 0
		for _, v := range m.at {
			s.count[v]++
		}
		for v, n := range s.count {
			if n > 0 {
				s.top, s.low = v, min(s.low, v)
				s.distinct++
			}
		}
	}
	count()
	if s.noisy = m.lossy || s.distinct > maxClean; s.noisy && s.top > 255 {
		for i, v := range m.at {
			m.at[i] = v >> 8
		}
		m.void = 255
		count()
	}
	slack := 0
	if s.noisy {
		slack = noise
	}
	for y := range m.H {
		for x := range m.W {
			v := int(m.at[y*m.W+x])
			if v == 0 {
				continue
			}
			least, most := v, v
			for ny := max(0, y-1); ny <= min(m.H-1, y+1); ny++ {
				for nx := max(0, x-1); nx <= min(m.W-1, x+1); nx++ {
					n := int(m.at[ny*m.W+nx])
					least, most = min(least, n), max(most, n)
				}
			}
			if most <= v+slack {
				s.lone[v]++
			}
			if least == most && v <= maxClass {
				s.flat++
			}
		}
	}
	return s
}

// darkest is the darkest real level but background.
func (s *stats) darkest(m *levels) (int, error) {
	unclear := fmt.Errorf("%w: none of it is black: paint black what is not a defect", ErrMask)
	if s.noisy {
		switch {
		case s.low <= s.top/4:
		case s.top-s.low > noise:
			return 0, unclear
		default:
			return 1, nil // one level throughout
		}
		for v := s.top/8 + 1; v < s.top; v++ {
			if s.peak(v) {
				return v, nil
			}
		}
		return s.top, nil
	}
	// Levels that follow each other from 0 on and down from the top are black and
	// white that a lossy file blurred before it became this one.
	black := 0
	for s.count[0] > 0 && s.count[s.top-1] > 0 && black < s.top/16 && s.count[black+1] > 0 {
		black++
	}
	var real []int
	for v := max(1, black+1); v <= s.top; v++ {
		if s.count[v] > 0 && 2*s.lone[v] >= s.count[v] {
			real = append(real, v)
		}
	}
	if s.count[0] == 0 && len(real) > 1 {
		return 0, unclear
	}
	return real[0], nil // the top is always real
}

// peak says whether many pixels have about level v, and far more than about the
// levels beside: one that was painted, and no smooth passage between two.
func (s *stats) peak(v int) bool {
	sum := func(counts []uint32, at int) (n uint32) {
		for v := max(0, at-3); v <= at+3; v++ {
			n += counts[v]
		}
		return n
	}
	n := sum(s.count, v)
	beside := max(sum(s.count, v-7), sum(s.count, v+7))
	return n >= 16 && n >= 4*beside && 2*sum(s.lone, v) >= n && n >= sum(s.count, v+1)
}
