package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"

	"semirest/server/evaluation"
	"semirest/server/picture"
	"semirest/shared/heat"
	"semirest/shared/prep"
)

// overlaySide is the longer side of a picture in the report, pixels.
const overlaySide = 320

// outline is the colour of the truth's edge; heat maps have no such blue.
var outline = color.NRGBA{86, 180, 233, 255}

// overlay draws the heat map over the picture, as the page does, with the truth
// outlined, and returns it as a data URL.
func overlay(v evaluation.View, threshold float64) (string, error) {
	full := v.Picture.Size
	scale := min(1, float64(overlaySide)/float64(max(full.W, full.H)))
	size := prep.Size{W: max(1, int(scale*float64(full.W)+0.5)), H: max(1, int(scale*float64(full.H)+0.5))}
	pix, err := prep.Resize(v.Picture.Pix, full, size)
	if err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	img := picture.RGB{Size: size, Pix: pix}.Image()
	hi := float32(2 * threshold)
	field := heat.NewDisplay(v.Scores.Rows, v.Scores.Cols, full.W, full.H, size.W, size.H).Field(nil, v.Scores.Values, 0, hi)
	var table heat.Table
	table.Fill(heat.Look{Palette: heat.Inferno, Opacity: 0.6, Threshold: heat.Level(float32(threshold), 0, hi), Below: 0.6})
	table.Over(img.Pix, field)
	if v.Truth != nil {
		outlineTruth(img, v.Truth, full)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85}); err != nil {
		return "", fmt.Errorf("report: %w", err)
	}
	return "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// outlineTruth draws the edge of a mask [H, W] of a picture of that size.
func outlineTruth(img *image.NRGBA, mask []byte, of prep.Size) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	small := make([]float32, w*h)
	for i, v := range prep.NearestMask(mask, of.W, of.H, w, h) {
		small[i] = float32(v)
	}
	for _, line := range heat.Contours(nil, small, w, h, 0.5) {
		for i, p := range line {
			stroke(img, line[(i+len(line)-1)%len(line)], p) // closed
		}
	}
}

// stroke draws a line one pixel wide.
func stroke(img *image.NRGBA, a, b heat.Point) {
	dx, dy := float64(b.X-a.X), float64(b.Y-a.Y)
	n := int(2*math.Max(math.Abs(dx), math.Abs(dy))) + 1
	for i := range n + 1 {
		t := float64(i) / float64(n)
		img.SetNRGBA(int(float64(a.X)+t*dx), int(float64(a.Y)+t*dy), outline) // outside: ignored
	}
}
