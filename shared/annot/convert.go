package annot

import "semirest/shared/block"

// Blocks labels the blocks of a grid over the picture, from all that was said
// (METHOD section 4). A block is, by the first rule that fits:
//
//   - Normal, everywhere, if the picture is flagged normal;
//   - Unknown, everywhere, if nothing was said;
//   - what a layer says of it, carried over by block.FromBlocks (of two layers
//     the one that says Anomalous);
//   - Anomalous if at least epsPlus of it is marked by mask and polygons;
//   - Unknown if more than a tenth of it lies in boxes, since a box says that
//     there is a defect but not where;
//   - Ignored if more than epsMinus of it is marked;
//   - Normal.
//
// Proposals count for nothing. It panics where block.FromFractions does.
func (l *Labels) Blocks(g block.Grid, epsPlus, epsMinus float64) []block.Label {
	out := make([]block.Label, g.Len())
	if l.Normal {
		for i := range out {
			out[i] = block.Normal
		}
		return out
	}
	if !l.Marked() {
		return out
	}
	marked := l.Defects(false)
	fine := block.FromFractions(block.FractionsOfSpans(g, l.W, l.H, marked.Row), epsPlus, epsMinus)
	boxes := block.FromBoxes(g, l.Boxes(), l.W, l.H)
	for i := range out {
		out[i] = fine[i]
		if fine[i] != block.Anomalous && boxes[i] == block.Unknown {
			out[i] = block.Unknown
		}
	}
	for _, want := range [...]block.Label{block.Normal, block.Anomalous} { // the graver one last
		for _, y := range l.Layers {
			for i, c := range block.FromBlocks(g, y.Grid, y.known()) {
				if c == want {
					out[i] = c
				}
			}
		}
	}
	return out
}

// known returns the layer's cells with those that nobody painted as Ignored,
// which FromBlocks lets any painted one but a normal one prevail over.
func (y Layer) known() []block.Label {
	out := make([]block.Label, len(y.Cells))
	for i, c := range y.Cells {
		if out[i] = c; c == block.Unknown {
			out[i] = block.Ignored
		}
	}
	return out
}

// Boxes returns the accepted boxes.
func (l *Labels) Boxes() []block.Box {
	var out []block.Box
	for _, s := range l.Shapes {
		if !s.Proposed && !s.Polygon() {
			out = append(out, s.Box)
		}
	}
	return out
}
