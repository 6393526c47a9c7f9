package detect

import (
	"semirest/models/graph"
	"semirest/models/nets"
)

// stride is the pixels of one cell: the finest map's stride, and the block size
// of the distance head.
const stride = 8

// normalise adds the nodes from bytes of pixels [n, h, w, 3] to the backbone's
// input [n, 3, h, w]: (pixel/255 - mean) / std as one product and one sum.
func normalise(b *graph.Builder, a *nets.Architecture, pixels *graph.Value) *graph.Value {
	factor, offset := make([]float32, 3), make([]float32, 3)
	for c := range 3 {
		factor[c] = 1 / (255 * a.Std[c])
		offset[c] = -a.Mean[c] / a.Std[c]
	}
	x := b.Transpose(b.Cast(pixels, graph.Float32), 0, 3, 1, 2)
	x = b.Mul(x, b.F32("pixel.factor", factor, 1, 3, 1, 1))
	return b.Add(x, b.F32("pixel.offset", offset, 1, 3, 1, 1))
}

// reduced says whether hypercolumns of this backbone are PatchCore's, reduced to
// 1024 numbers, or the plain concatenation of the light backbones.
func reduced(a *nets.Architecture) bool { return a.Name == nets.WideResNet50 }

// Layers returns how many numbers of a hypercolumn come from each of the
// backbone's maps, in order, with fine its fine map first; d is their sum.
func Layers(a *nets.Architecture, fine bool) (layers []int, d int) {
	if fine {
		layers, d = []int{a.Fine.Channels}, a.Fine.Channels
	}
	for _, s := range a.Stages {
		n := s.Channels
		if reduced(a) {
			n = 512
		}
		layers = append(layers, n)
		d += n
	}
	return layers, d
}

// hypercolumns adds the nodes from the backbone's maps to [n, rows*cols, d], the
// layers' own numbers unscaled (METHOD section 1). With fine, the numbers of the
// backbone's fine map come first; with smooth, all are averaged over 3x3 cells once
// more.
func hypercolumns(b *graph.Builder, net *nets.Backbone, image *graph.Value, fine, smooth bool) *graph.Value {
	first, maps := net.AddFine(b, image)
	rows, cols := maps[0].Dim(2), maps[0].Dim(3)
	layers, d := Layers(net.Architecture, false)
	parts := make([]*graph.Value, len(maps))
	for i, m := range maps {
		switch {
		case !reduced(net.Architecture):
			m = mean3x3(b, m)
		case i == 0:
			m = centred3x3(b, m)
		default:
			// Pairs of channels (2j, 2j+1) are averaged.
			m = mean3x3(b, m)
			pairs := b.Reshape(m, -1, layers[i], m.Dim(1)/layers[i], m.Dim(2), m.Dim(3))
			m = b.ReduceMean(pairs, false, 2)
		}
		if m.Dim(2) != rows || m.Dim(3) != cols {
			m = b.Resize(m, rows, cols)
		}
		parts[i] = m
	}
	if fine {
		// Averaged at its own grid as the others are, then over the cell's 2x2.
		first = b.AveragePool(mean3x3(b, first), graph.PoolOptions{Kernel: 2, Stride: 2})
		parts = append([]*graph.Value{first}, parts...)
		d += net.Fine.Channels
	}
	all := b.Concat(1, parts...)
	if smooth {
		all = mean3x3(b, all)
	}
	return b.Transpose(b.Reshape(all, -1, d, rows*cols), 0, 2, 1)
}

// mean3x3 averages over 3x3 cells; the zeros beyond the border count.
func mean3x3(b *graph.Builder, x *graph.Value) *graph.Value {
	return b.AveragePool(x, graph.PoolOptions{Kernel: 3, Pads: graph.Same(1)})
}

// centred3x3 is PatchCore's unfold and adaptive average of layer2, twice, in
// closed form: of the nine cells the middle one falls into both halves, so it
// counts twice (0.2 against 0.1).
func centred3x3(b *graph.Builder, x *graph.Value) *graph.Value {
	c := x.Dim(1)
	kernel := make([]float32, c*9)
	for i := range kernel {
		kernel[i] = 0.1
		if i%9 == 4 {
			kernel[i] = 0.2
		}
	}
	return b.Conv(x, b.F32("centred3x3", kernel, c, 1, 3, 3), nil, graph.ConvOptions{Groups: c, Pads: graph.Same(1)})
}
