package netstest

import (
	"math"
	"strings"

	"semirest/models/graph"
	"semirest/models/weights"
)

// Classifier makes a classifier's weights larger than a new network's, so that every
// part of it shows in the result: norms near 1, position tables and biases in +-0.5, matrices and
// kernels uniform with the variance 1/fan-in.
func Classifier(list []graph.Param) *weights.Set {
	set := weights.NewSet()
	for _, p := range list {
		n, fan := 1, 1
		for i, d := range p.Shape {
			n *= d
			if i > 0 {
				fan *= d
			}
		}
		shift, scale := 0.0, 0.5
		switch {
		case len(p.Shape) > 1 && !strings.HasSuffix(p.Name, ".bias_table") && p.Name != "position":
			scale = math.Sqrt(3 / float64(fan))
		case strings.HasSuffix(p.Name, "norm.weight"), strings.HasSuffix(p.Name, "norm1.weight"), strings.HasSuffix(p.Name, "norm2.weight"):
			shift, scale = 1, 0.2
		}
		v := Fill(p.Name, n)
		for i, x := range v {
			v[i] = float32(shift + scale*float64(x))
		}
		set.Tensors[p.Name] = weights.NewF32(v, p.Shape...)
	}
	return set
}
