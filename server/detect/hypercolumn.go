package detect

import (
	"semirest/models/graph"
	"semirest/models/nets"
)

// stride is the pixels of one cell of the finest grid, and the block size of the
// distance head.
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

// columns adds the hypercolumns of one picture [n, 3, h, w], normalised: the backbone runs
// once at each size, and each layer's neighbourhoods are taken once, however many views
// want them.
type columns struct {
	b     *graph.Builder
	net   *nets.Backbone
	image *graph.Value
	sizes map[bool]*scale // by half
}

// scale is the picture's maps at one size.
type scale struct {
	maps  []*graph.Value // of the backbone
	means []*graph.Value // their neighbourhoods; nil where none was wanted yet
}

func newColumns(b *graph.Builder, net *nets.Backbone, image *graph.Value) *columns {
	return &columns{b, net, image, map[bool]*scale{}}
}

// layer is a map with its neighbourhoods taken, [n, numbers, rows, cols] on its own grid.
func (c *columns) layer(half bool, l int) *graph.Value {
	s, b := c.sizes[half], c.b
	if s == nil {
		image := c.image
		if half {
			image = b.AveragePool(image, graph.PoolOptions{Kernel: 2, Stride: 2})
		}
		s = &scale{maps: c.net.Maps(b, image)}
		s.means = make([]*graph.Value, len(s.maps))
		c.sizes[half] = s
	}
	if s.means[l] == nil {
		s.means[l] = c.neighbourhoods(s.maps[l], l)
	}
	return s.means[l]
}

// neighbourhoods averages over 3x3 cells (METHOD section 1).
func (c *columns) neighbourhoods(m *graph.Value, l int) *graph.Value {
	b := c.b
	switch {
	case l == 0 || !reduced(c.net.Architecture):
		return mean3x3(b, m)
	case l == 1:
		return centred3x3(b, m)
	}
	// Pairs of channels (2j, 2j+1) are averaged.
	m = mean3x3(b, m)
	return b.ReduceMean(b.Reshape(m, -1, m.Dim(1)/2, 2, m.Dim(2), m.Dim(3)), false, 2)
}

// of is a view's hypercolumns, [n, rows*cols, d] over its grid, the layers' own numbers
// unscaled: finer layers are averaged over the cell, coarser ones come bilinearly. With
// Smooth, all are averaged over 3x3 cells once more.
func (c *columns) of(f *Feature) *graph.Value {
	b := c.b
	rows, cols := c.image.Dim(2)/f.Cell, c.image.Dim(3)/f.Cell
	parts := make([]*graph.Value, len(f.Layers))
	d := 0
	for i, l := range f.Layers {
		m := c.layer(f.Half, l)
		if r := m.Dim(2) / rows; r > 1 {
			m = b.AveragePool(m, graph.PoolOptions{Kernel: r, Stride: r})
		}
		parts[i] = b.Resize(m, rows, cols)
		d += m.Dim(1)
	}
	all := parts[0]
	if len(parts) > 1 {
		all = b.Concat(1, parts...)
	}
	if f.Smooth {
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
	return b.Conv(x, b.F32("", kernel, c, 1, 3, 3), nil, graph.ConvOptions{Groups: c, Pads: graph.Same(1)})
}
