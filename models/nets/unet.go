package nets

import (
	"fmt"

	"semirest/models/graph"
)

// UNet is the ablation's convolutional classifier: the discriminative network of DRAEM
// (https://arxiv.org/abs/2108.07610), which goes down by max pooling and up bilinearly,
// two 3x3 convolutions a level. Where DRAEM normalises over the batch, this normalises over
// groups of channels of one window: a window's score must not depend on its company,
// and running means would be state beside the parameters.
type UNet struct {
	In       int // d, channels of a residual
	Width    int // channels of the first level, a multiple of 8; DRAEM's is 64
	Map      int // mu, cells of the sliding window's side; divisible by 2 at least once
	Residual Residual
}

// unetGroups is the number of groups of channels that are normalised together.
const unetGroups = 8

// levels are how often the map is halved: 5 times as in DRAEM, fewer if it is small.
func (u UNet) levels() int {
	n := 0
	for side := u.Map; n < 5 && side > 0 && side%2 == 0; side /= 2 {
		n++
	}
	return n
}

// down is the number of channels of level i on the way down: 1, 2, 4, 8, 8, 8 times Width.
func (u UNet) down(i int) int { return u.Width * min(1<<i, 8) }

// up is that on the way up: half of what the same level had, at least Width; the first
// step up keeps all.
func (u UNet) up(i int) int {
	if i == u.levels()-1 {
		return u.down(i)
	}
	return max(u.Width, u.down(i)/2)
}

// unetConv is one convolution with its norm.
type unetConv struct {
	name    string
	in, out int
}

// pair are the two convolutions of a level.
func pair(name string, in, out int) [2]unetConv {
	return [2]unetConv{{name + ".0", in, out}, {name + ".1", out, out}}
}

func (u UNet) encoder(i int) [2]unetConv {
	in := u.In
	if i > 0 {
		in = u.down(i - 1)
	}
	return pair(fmt.Sprintf("down.%d", i), in, u.down(i))
}

// decoder is the step from level i+1 up to i: a convolution of what comes from below, and
// two of that beside the level's own map.
func (u UNet) decoder(i int) (rise unetConv, join [2]unetConv) {
	below := u.down(i + 1)
	if i < u.levels()-1 {
		below = u.up(i + 1)
	}
	rise = unetConv{fmt.Sprintf("rise.%d", i), below, u.up(i)}
	return rise, pair(fmt.Sprintf("up.%d", i), u.up(i)+u.down(i), u.up(i))
}

// Params lists the parameters.
func (u UNet) Params() []graph.Param {
	var l declared
	add := func(list ...unetConv) {
		for _, c := range list {
			l = append(l,
				graph.Param{Name: c.name + ".weight", Shape: []int{c.out, c.in, 3, 3}, Decay: true, Init: graph.TruncNormal(0.02)},
				graph.Param{Name: c.name + ".bias", Shape: []int{c.out}})
			l.norm(c.name+".norm", c.out)
		}
	}
	levels := u.levels()
	for i := range levels + 1 {
		c := u.encoder(i)
		add(c[:]...)
	}
	for i := levels - 1; i >= 0; i-- {
		rise, join := u.decoder(i)
		add(rise, join[0], join[1])
	}
	return append(l,
		graph.Param{Name: "head.weight", Shape: []int{2, u.up(0), 3, 3}, Decay: true, Init: graph.TruncNormal(0.02)},
		graph.Param{Name: "head.bias", Shape: []int{2}})
}

// DropPath is empty: there is no residual branch.
func (u UNet) DropPath() []float64 { return nil }

// Logits adds the network to a graph, as [Classifier] says.
func (u UNet) Logits(b *graph.Builder, src graph.Source, x *graph.Value, _ *Training) *graph.Value {
	if u.In < 1 || u.Width < unetGroups || u.Width%unetGroups != 0 || u.levels() < 1 {
		b.Fail(fmt.Errorf("nets: a U-Net wants a width in multiples of %d and an even map: %+v", unetGroups, u))
	}
	if x.Rank() != 3 || x.Dim(1) != u.Map*u.Map || x.Dim(2) != u.In {
		b.Fail(fmt.Errorf("nets: a U-Net takes [n, %d, %d], not %v", u.Map*u.Map, u.In, x))
	}
	p := resolve(u.Params(), src)
	n := x.Dim(0)
	x = b.Reshape(u.Residual.add(b, x), n, u.Map, u.Map, u.In)
	x = b.Transpose(x, 0, 3, 1, 2) // [n, d, mu, mu]: convolutions want channels first
	levels := u.levels()
	maps := make([]*graph.Value, levels+1) // maps[i]: [n, down(i), mu/2^i, mu/2^i]
	for i := range maps {
		if i > 0 {
			x = b.MaxPool(x, graph.PoolOptions{Kernel: 2, Stride: 2})
		}
		for _, c := range u.encoder(i) {
			x = p.unetConv(b, c, x)
		}
		maps[i] = x
	}
	for i := levels - 1; i >= 0; i-- {
		rise, join := u.decoder(i)
		x = p.unetConv(b, rise, double(b, x)) // [n, up(i), mu/2^i, mu/2^i]
		x = b.Concat(1, x, maps[i])
		for _, c := range join {
			x = p.unetConv(b, c, x)
		}
	}
	x = b.Conv(x, p["head.weight"], p["head.bias"], graph.ConvOptions{Pads: graph.Same(1)})
	return b.Reshape(b.Transpose(x, 0, 2, 3, 1), n, u.Map*u.Map, 2)
}

// unetConv adds a 3x3 convolution, group norm and ReLU. The group norm is a layer norm over
// [n*groups, channels/groups * rows * cols], whose gain and bias, one a channel, come after it.
func (p params) unetConv(b *graph.Builder, c unetConv, x *graph.Value) *graph.Value {
	x = b.Conv(x, p[c.name+".weight"], p[c.name+".bias"], graph.ConvOptions{Pads: graph.Same(1)})
	shape := x.Shape()
	size := c.out / unetGroups * shape[2] * shape[3]
	x = b.LayerNorm(b.Reshape(x, shape[0]*unetGroups, size), b.Full(1, size), nil, normEps)
	x = b.Mul(b.Reshape(x, shape...), b.Reshape(p[c.name+".norm.weight"], 1, c.out, 1, 1))
	return b.Relu(b.Add(x, b.Reshape(p[c.name+".norm.bias"], 1, c.out, 1, 1)))
}

// double brings a map to twice its size bilinearly, corners on corners, as DRAEM does. It is
// two products with a constant matrix.
func double(b *graph.Builder, x *graph.Value) *graph.Value {
	h, w := x.Dim(2), x.Dim(3)
	x = b.MatMul(b.F32("", stretch(h, false), 2*h, h), x)
	return b.MatMul(x, b.F32("", stretch(w, true), w, 2*w))
}

// stretch is the matrix [2n, n] of that along one axis, or its transpose.
func stretch(n int, transposed bool) []float32 {
	m := make([]float32, 2*n*n)
	for i := range 2 * n {
		at := float64(i) * float64(n-1) / float64(2*n-1)
		low := min(int(at), n-1)
		for k, share := range [2]float64{1 - (at - float64(low)), at - float64(low)} {
			j := min(low+k, n-1)
			if transposed {
				m[j*2*n+i] += float32(share)
			} else {
				m[i*n+j] += float32(share)
			}
		}
	}
	return m
}
