package codecs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"semirest/server/format"
	"semirest/shared/annot"
	"semirest/shared/block"
)

// project500 is 500 pictures of a megapixel with 20 boxes and a stroke each,
// without their files.
func project500() []format.Item {
	var out []format.Item
	for i := range 500 {
		rng := seeded(uint64(i))
		e := annot.New(1000, 1000)
		for range 20 {
			_, _ = e.AddBox(block.Box{X: rng.Float64() * 1000, Y: rng.Float64() * 1000, HalfW: 20, HalfH: 10, Angle: rng.Float64()}, "scratch")
		}
		e.Brush(annot.Point{X: rng.Float64() * 1000, Y: 100}, annot.Point{X: rng.Float64() * 1000, Y: 400}, 10, false)
		out = append(out, format.Item{ID: fmt.Sprint(i), Name: fmt.Sprintf("%03d.png", i), Width: 1000, Height: 1000, Defective: true, Labels: e.Labels()})
	}
	return out
}

func BenchmarkWrite(b *testing.B) {
	its := project500()
	for _, f := range Formats() {
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := format.Write(context.Background(), io.Discard, must(f.Name), seq(its)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	its := project500()
	for _, f := range Formats() {
		file, _ := written(b, f.Name, its)
		b.Run(f.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, err := range format.Read(context.Background(), bytes.NewReader(file), int64(len(file)), must(f.Name), format.Options{Known: knownOf(its)}) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != len(its) {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(len(file))/1e6, "MB")
		})
	}
}

// BenchmarkLarge brings a stroke on a picture of 48 megapixels out as COCO and in.
func BenchmarkLarge(b *testing.B) {
	e := annot.New(8000, 6000)
	e.Brush(annot.Point{X: 100, Y: 100}, annot.Point{X: 7000, Y: 5000}, 60, false)
	its := []format.Item{{Name: "large.png", Width: 8000, Height: 6000, Labels: e.Labels()}}
	for b.Loop() {
		file, _ := written(b, "coco", its)
		if got, _, err := collect("coco", file, format.Options{}); err != nil || len(got) != 1 {
			b.Fatal(err)
		}
	}
}
