// Package netstest makes weights for tests: of networks whose weights are not shipped
// or too large to keep beside a test. testdata/make.py of package nets makes the same ones.
package netstest

import (
	"hash/fnv"
	"math"

	"semirest/models/nets"
	"semirest/models/weights"
)

// Fill gives numbers in [-1, 1) that follow from the name alone: number i is the top 24
// bits of splitmix64 at state FNV-1a(name) + (i+1) * golden ratio, so that any
// language makes the same float32.
func Fill(name string, n int) []float32 {
	h := fnv.New64a()
	h.Write([]byte(name))
	state := h.Sum64()
	v := make([]float32, n)
	for i := range v {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		v[i] = float32(float64(z>>40)/(1<<23) - 1)
	}
	return v
}

// Backbone makes weights of the trunk's shapes that keep the maps at a sensible size:
// kernels uniform with the variance 1/fan-in, batch norms near 1 and 0.
func Backbone(a *nets.Architecture) *weights.Set {
	set := weights.NewSet()
	for _, p := range a.Parameters() {
		n := 1
		for _, d := range p.Shape {
			n *= d
		}
		v := Fill(p.Name, n)
		shift, scale := 0.0, 0.1 // bias and running_mean
		switch {
		case len(p.Shape) == 4:
			scale = math.Sqrt(3 / float64(n/p.Shape[0]))
		case p.Kind == "weight":
			shift, scale = 1, 0.2
		case p.Kind == "running_var":
			shift, scale = 1, 0.5
		}
		for i, x := range v {
			v[i] = float32(shift + scale*float64(x))
		}
		set.Tensors[p.Name] = weights.NewF32(v, p.Shape...)
	}
	return set
}
