package main

import (
	"context"
	"fmt"

	"semirest/server/dataset"
	"semirest/server/detect"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/shared/block"
	"semirest/shared/prep"
	"semirest/shared/region"
)

// Case is a defective picture with its ground truth [H, W] and a detector's map.
type Case struct {
	prep.Size
	Truth      []byte
	Scores     block.Scores
	cols, rows int
	cells      []byte // the picture on region's grid, RGBA
}

// least is how many pixels a ground truth must have to be clicked on.
const least = 12

// read scores the defective test pictures of a folder.
func read(ctx context.Context, model, data string) ([]*Case, error) {
	m, err := detect.Load(model)
	if err != nil {
		return nil, err
	}
	scorer, err := detect.NewScorer(m, ort.Options{})
	if err != nil {
		return nil, err
	}
	defer scorer.Close()
	set, err := dataset.Open(data)
	if err != nil {
		return nil, err
	}
	var cases []*Case
	for _, item := range set.Test {
		if !item.Defective() {
			continue
		}
		rgb, err := picture.DecodeFile(item.Path, prep.DefaultLimits, m.Depth)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", item.Name, err)
		}
		truth, err := item.Truth(rgb.Size)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", item.Name, err)
		}
		scores, err := scorer.Picture(ctx, rgb.Pix, rgb.Size)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", item.Name, err)
		}
		scores.Calibrate(m.Threshold.Value)
		c := &Case{Size: rgb.Size, Truth: truth, Scores: scores}
		c.cols, c.rows = region.Size(rgb.W, rgb.H)
		c.cells = reduce(rgb.Pix, rgb.Size, c.cols, c.rows)
		pixels := 0
		for _, v := range truth {
			pixels += int(v)
		}
		if pixels >= least {
			cases = append(cases, c)
		}
	}
	return cases, nil
}

// reduce takes the mean colour of each cell's pixels.
func reduce(rgb []byte, size prep.Size, cols, rows int) []byte {
	out := make([]byte, 0, 4*cols*rows)
	for row := range rows {
		y0 := row * size.H / rows
		y1 := max((row+1)*size.H/rows, y0+1)
		for col := range cols {
			x0 := col * size.W / cols
			x1 := max((col+1)*size.W/cols, x0+1)
			var sum [3]int
			for y := y0; y < y1; y++ {
				for x := x0; x < x1; x++ {
					for k := range sum {
						sum[k] += int(rgb[3*(y*size.W+x)+k])
					}
				}
			}
			n := (x1 - x0) * (y1 - y0)
			out = append(out, byte(sum[0]/n), byte(sum[1]/n), byte(sum[2]/n), 255)
		}
	}
	return out
}

// grower returns a Grower for the case, with its map or without.
func (c *Case) grower(withMap bool) *region.Grower {
	var s block.Scores
	if withMap {
		s = c.Scores
	}
	return region.New(c.cells, c.cols, c.rows, c.W, c.H, s)
}

// thin takes so many of a set's cases, spread over its kinds.
func thin(cases []*Case, most int) (out []*Case) {
	step := max(1, len(cases)/max(most, 1))
	for i := 0; i < len(cases); i += step {
		out = append(out, cases[i])
	}
	return out
}
