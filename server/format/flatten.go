package format

import (
	"math"

	"semirest/shared/annot"
	"semirest/shared/block"
)

// blocks counts the labelled blocks.
func blocks(l *annot.Labels) (anomalous, normal int) {
	for _, y := range l.Layers {
		for _, c := range y.Cells {
			switch c {
			case block.Anomalous:
				anomalous++
			case block.Normal:
				normal++
			}
		}
	}
	return anomalous, normal
}

// WithBlocks adds the pixels of blocks labelled as defects to a mask. A pixel
// belongs to a block if its middle does.
func WithBlocks(m *annot.Mask, l *annot.Labels) *annot.Mask {
	if anomalous, _ := blocks(l); anomalous == 0 {
		return m
	}
	pix := m.Bytes(l.W, l.H)
	for _, y := range l.Layers {
		for i, c := range y.Cells {
			if c != block.Anomalous {
				continue
			}
			at := y.Grid.Cell(i)
			fx0, fy0, fx1, fy1 := y.Grid.Area(at.Row, at.Col, l.W, l.H)
			x0, x1 := middle(fx0, l.W), middle(fx1, l.W)
			for py := middle(fy0, l.H); py < middle(fy1, l.H); py++ {
				for px := x0; px < x1; px++ {
					pix[py*l.W+px] = 255
				}
			}
		}
	}
	out := annot.MaskOf(pix, l.W, l.H)
	return &out
}

// middle is the first pixel whose middle is at v or beyond.
func middle(v float64, n int) int { return min(max(int(math.Ceil(v-0.5)), 0), n) }

// Flat is everything that an item's labels mark as defect, as pixels: the
// insides of boxes and polygons, marked pixels, blocks. Empty without labels.
func Flat(it Item) *annot.Mask {
	if it.Labels == nil {
		return &annot.Mask{}
	}
	return WithBlocks(it.Labels.Defects(true), it.Labels)
}
