// Package demo makes the pictures of the demonstration: two surfaces, brushed metal and woven cloth, normal and with
// defects whose ground truth is known to the pixel.
//
// Every picture is synthetic, drawn by the code of this package from a seed; its name and the text chunk of its PNG
// say so. A picture is a pure function of its surface, kind and number, so a ground truth never has to be stored: the
// picture is drawn again.
//
// A surface is shaded pixel by pixel from random lattices (noise.go). A defect acts where a real one would: a dent and
// a scratch bend the surface's normal before it is lit, a snag moves the cloth's threads, a hole takes them away, a
// stain colours what is there.
package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Side is the width and height of every picture, in pixels.
const Side = 512

// Good is the kind of a picture without a defect.
const Good = "good"

// Surface is one of the two materials, and what can be wrong with it.
type Surface struct {
	Name  string   // as in file names: "brushed-metal"
	Title string   // for people: "Brushed metal"
	Kinds []string // of defects, without Good

	stream uint64
	draw   func(surface, defect *rand.Rand, kind string) (rgb, mask []byte)
}

// Surfaces returns the surfaces of the demonstration. The caller may change the slice, not what Kinds points at.
func Surfaces() []Surface {
	return []Surface{
		{"brushed-metal", "Brushed metal", []string{"scratch", "dent", "stain"}, 1, metal},
		{"woven-cloth", "Woven cloth", []string{"snag", "hole", "stain"}, 2, cloth},
	}
}

// Find returns the surface of that name; ok is false if there is none.
func Find(name string) (s Surface, ok bool) {
	all := Surfaces()
	i := slices.IndexFunc(all, func(s Surface) bool { return s.Name == name })
	if i < 0 {
		return Surface{}, false
	}
	return all[i], true
}

// Picture is one drawn picture. RGB is [Side, Side, 3], row-major; Mask is [Side, Side], 1 where a pixel belongs to
// the defect, all zero for a good one.
type Picture struct {
	Surface string
	Kind    string
	Number  int
	RGB     []byte
	Mask    []byte
}

// Draw makes picture number of a kind. Numbers from 0 on give different pictures; the same number gives the same
// picture, with or without a defect. It panics if kind is neither Good nor one of s.Kinds: those are constants of the
// program.
func (s Surface) Draw(kind string, number int) Picture {
	k := slices.Index(s.Kinds, kind)
	if kind != Good && k < 0 {
		panic("demo: no defect " + kind + " on " + s.Name) //nolint:forbidigo // a constant of the program is wrong
	}
	seed := s.seed(k+1, number)
	rgb, mask := s.draw(rand.New(rand.NewPCG(seed, 'S')), rand.New(rand.NewPCG(seed, 'D')), kind)
	return Picture{Surface: s.Name, Kind: kind, Number: number, RGB: rgb, Mask: mask}
}

// Name is the picture's file name without extension: "synthetic-brushed-metal-scratch-03".
func (p Picture) Name() string { return FileName(p.Surface, p.Kind, p.Number) }

// FileName is the name, without extension, of picture number of a kind on a surface.
func FileName(surface, kind string, number int) string {
	return fmt.Sprintf("synthetic-%s-%s-%02d", surface, kind, number)
}

// seed is the seed of a picture; k is 0 for Good, else 1 more than the place in Kinds.
func (s Surface) seed(k, number int) uint64 {
	return s.stream<<48 | uint64(k)<<32 | uint64(uint32(number))
}
