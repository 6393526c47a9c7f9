package synth

// Row is one line of a contact sheet: the source, the part of it a defect may
// lie on, and what was made of it.
type Row struct {
	Source     Picture
	Foreground []byte // nil: the whole picture
	Sample     Sample
}

const sheetGap = 4 // pixels between pictures

// Sheet draws rows of four pictures: source, source with everything outside
// the foreground dimmed, sample, sample with the mask's outline in red. All
// pictures must be of one size; they are shrunk to at most side pixels. cols is
// how many rows stand beside each other.
func Sheet(rows []Row, side, cols int) Picture {
	if len(rows) == 0 {
		panic("synth: contact sheet without rows")
	}
	cols = min(max(cols, 1), len(rows))
	var cell Picture
	tiles := make([][4]Picture, len(rows))
	for i, r := range rows {
		tiles[i] = [4]Picture{
			shrinkPicture(r.Source, side),
			shrinkPicture(dim(r.Source, r.Foreground), side),
			shrinkPicture(r.Sample.Picture, side),
			shrinkPicture(outline(r.Sample.Picture, r.Sample.Mask), side),
		}
		cell = tiles[i][0]
	}
	lines := (len(rows) + cols - 1) / cols
	sheet := NewPicture(cols*4*(cell.W+sheetGap), lines*(cell.H+sheetGap))
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
	}
	for i, t := range tiles {
		for k, p := range t {
			x0 := (i%cols*4 + k) * (cell.W + sheetGap)
			y0 := i / cols * (cell.H + sheetGap)
			for y := range p.H {
				copy(sheet.Pix[3*((y0+y)*sheet.W+x0):], p.Pix[3*y*p.W:3*(y+1)*p.W])
			}
		}
	}
	return sheet
}

func dim(p Picture, keep []byte) Picture {
	out := p.Clone()
	for i := range keep {
		if keep[i] == 0 {
			for c := 3 * i; c < 3*i+3; c++ {
				out.Pix[c] /= 4
			}
		}
	}
	return out
}

// outline paints mask pixels that have an unmasked neighbour within two pixels,
// so that the line survives shrinking.
func outline(p Picture, mask []byte) Picture {
	out := p.Clone()
	for y := range p.H {
		for x := range p.W {
			if mask[y*p.W+x] == 0 {
				continue
			}
			edge := false
			for _, d := range [][2]int{{-2, 0}, {2, 0}, {0, -2}, {0, 2}} {
				nx, ny := x+d[0], y+d[1]
				if nx < 0 || ny < 0 || nx >= p.W || ny >= p.H || mask[ny*p.W+nx] == 0 {
					edge = true
				}
			}
			if edge {
				i := 3 * (y*p.W + x)
				out.Pix[i], out.Pix[i+1], out.Pix[i+2] = 255, 32, 32
			}
		}
	}
	return out
}
