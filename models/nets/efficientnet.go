package nets

import (
	"fmt"
	"math"

	"semirest/models/graph"
)

// EfficientNet-Lite after https://github.com/tensorflow/tpu (models/official/efficientnet/lite):
// EfficientNet without squeeze-and-excitation, ReLU6 for swish, stem and head not scaled.
// Parameter names are those of the PyPI package efficientnet_lite_pytorch.

// liteStage is a run of blocks: the first has the stride, the others stride 1.
type liteStage struct {
	repeat, kernel, stride, expand, in, out int
}

// liteStages describes Lite0; wider and deeper variants scale it.
var liteStages = []liteStage{
	{1, 3, 1, 1, 32, 16},
	{2, 3, 2, 6, 16, 24},   // stride 4, taken as the fine map
	{2, 5, 2, 6, 24, 40},   // stride 8, taken
	{3, 3, 2, 6, 40, 80},   // stride 16, taken
	{3, 5, 1, 6, 80, 112},  // stride 16, taken: the trunk ends here
	{4, 5, 2, 6, 112, 192}, // stride 32, taken by the deep trunk, which ends here
	{1, 3, 1, 6, 192, 320},
}

// The stages taken: the fine one, first and last+1, and the deep trunk's last+1, index
// into liteStages.
const liteFine, liteFirst, liteEnd, liteDeepEnd = 1, 2, 5, 6

// liteBlock is a mobile inverted bottleneck: 1x1 expand (none in the first block),
// depthwise, 1x1 project, and the input added where shapes allow.
type liteBlock struct {
	expand, depth, project conv
	expands, skip          bool
	taken                  bool // the last block of a stage whose map is taken
}

// efficientNetLite describes the variant of the given width and depth coefficients,
// with the trunk that ends before stage end.
func efficientNetLite(name string, width, depth float64, end int) *Architecture {
	a := &Architecture{
		Name: name,
		Mean: imageNetMean,
		Std:  imageNetStd,
		eps:  1e-3,
	}
	stem := conv{"_conv_stem", "_bn0", 3, 32, 3, 2, 1}
	a.convs = append(a.convs, stem)
	a.later = []string{"_conv_head.", "_bn1.", "_fc."}
	var blocks []liteBlock
	index, stride := 0, stem.stride
	for i, s := range liteStages {
		in, out, repeat := scaleWidth(s.in, width), scaleWidth(s.out, width), int(math.Ceil(depth*float64(s.repeat)))
		if i == 0 || i == len(liteStages)-1 { // stem and head are not scaled
			repeat = s.repeat
		}
		if i == 0 {
			in = stem.out
		}
		stride *= s.stride
		for r := range repeat {
			prefix := fmt.Sprintf("_blocks.%d.", index)
			index++
			if i >= end {
				a.later = append(a.later, prefix)
				continue
			}
			k := liteBlock{expands: s.expand != 1, skip: r > 0, taken: i >= liteFine && r == repeat-1}
			wide, step := in*s.expand, s.stride
			if r > 0 {
				step = 1
			}
			k.expand = conv{prefix + "_expand_conv", prefix + "_bn0", in, wide, 1, 1, 1}
			k.depth = conv{prefix + "_depthwise_conv", prefix + "_bn1", wide, wide, s.kernel, step, wide}
			k.project = conv{prefix + "_project_conv", prefix + "_bn2", wide, out, 1, 1, 1}
			if k.expands {
				a.convs = append(a.convs, k.expand)
			}
			a.convs = append(a.convs, k.depth, k.project)
			blocks = append(blocks, k)
			in = out
		}
		if i == liteFine {
			a.Fine = Stage{Channels: out, Stride: stride}
		}
		if i >= liteFirst && i < liteEnd {
			a.Stages = append(a.Stages, Stage{Channels: out, Stride: stride})
		}
		if i == liteEnd && i < end {
			a.Coarse = Stage{Channels: out, Stride: stride}
		}
	}
	a.deep = func() *Architecture { return efficientNetLite(name, width, depth, liteDeepEnd) }
	a.add = func(n *Backbone, b *graph.Builder, x *graph.Value) []*graph.Value {
		return addLite(n, b, x, stem, blocks)
	}
	return a
}

// scaleWidth scales a number of channels and rounds it to a multiple of 8, never down
// by more than a tenth.
func scaleWidth(channels int, width float64) int {
	scaled := width * float64(channels)
	rounded := max(8, int(scaled+4)/8*8)
	if float64(rounded) < 0.9*scaled {
		rounded += 8
	}
	return rounded
}

func addLite(n *Backbone, b *graph.Builder, x *graph.Value, stem conv, blocks []liteBlock) []*graph.Value {
	var stages []*graph.Value
	x = b.Relu6(n.same(b, x, stem))
	for _, k := range blocks {
		in := x
		if k.expands {
			x = b.Relu6(n.same(b, x, k.expand))
		}
		x = b.Relu6(n.same(b, x, k.depth))
		x = n.same(b, x, k.project)
		if k.skip {
			x = b.Add(x, in)
		}
		if k.taken {
			stages = append(stages, x)
		}
	}
	return stages
}

// same adds a convolution padded as TensorFlow's SAME: zeros for ceil(size / stride)
// results, the odd one at the bottom and right. The package efficientnet_lite_pytorch
// pads every size as it pads the size of training (at 260 a 5x5 step gets 2 and 2, where
// SAME at 512 gives it 1 and 2). Measured on MVTec bottle at 512, nearest-neighbour distance
// on Lite2: pixel AP 84.7 with SAME, 81.2 with the package's padding.
func (n *Backbone) same(b *graph.Builder, x *graph.Value, c conv) *graph.Value {
	var pads [4]int
	for axis := range 2 {
		size := x.Dim(2 + axis)
		results := (size + c.stride - 1) / c.stride
		all := max(0, (results-1)*c.stride+c.kernel-size)
		pads[axis], pads[2+axis] = all/2, all-all/2
	}
	return n.conv(b, x, c, pads)
}
