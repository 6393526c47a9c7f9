package nets

import (
	"fmt"

	"semirest/models/graph"
)

// Wide-ResNet-50-2 (https://arxiv.org/abs/1605.07146) with torchvision's parameter names.
// The trunk ends with layer3; layer2 and layer3 are taken (METHOD section 1).

// bottleneck is a block: 1x1, 3x3 with the stride, 1x1, and the input added,
// brought to its shape by a 1x1 convolution in a layer's first block.
type bottleneck struct {
	conv1, conv2, conv3 conv
	downsample          conv
	downsamples         bool
	taken               bool
}

func wideResNet50() *Architecture {
	a := &Architecture{
		Name:   WideResNet50,
		Fine:   Stage{Channels: 256, Stride: 4},
		Stages: []Stage{{Channels: 512, Stride: 8}, {Channels: 1024, Stride: 16}},
		Mean:   imageNetMean,
		Std:    imageNetStd,
		eps:    1e-5,
		later:  []string{"layer4.", "fc."},
	}
	stem := conv{"conv1", "bn1", 3, 64, 7, 2, 1}
	a.convs = append(a.convs, stem)
	var blocks []bottleneck
	in := 64
	for layer, repeat := range []int{3, 4, 6} {
		wide, out := 128<<layer, 256<<layer
		for r := range repeat {
			prefix := fmt.Sprintf("layer%d.%d.", layer+1, r)
			stride := 1
			if r == 0 && layer > 0 {
				stride = 2
			}
			k := bottleneck{
				conv1: conv{prefix + "conv1", prefix + "bn1", in, wide, 1, 1, 1},
				conv2: conv{prefix + "conv2", prefix + "bn2", wide, wide, 3, stride, 1},
				conv3: conv{prefix + "conv3", prefix + "bn3", wide, out, 1, 1, 1},
				taken: r == repeat-1,
			}
			a.convs = append(a.convs, k.conv1, k.conv2, k.conv3)
			if r == 0 {
				k.downsamples = true
				k.downsample = conv{prefix + "downsample.0", prefix + "downsample.1", in, out, 1, stride, 1}
				a.convs = append(a.convs, k.downsample)
			}
			blocks = append(blocks, k)
			in = out
		}
	}
	a.add = func(n *Backbone, b *graph.Builder, x *graph.Value) []*graph.Value {
		return addResNet(n, b, x, stem, blocks)
	}
	return a
}

func addResNet(n *Backbone, b *graph.Builder, x *graph.Value, stem conv, blocks []bottleneck) []*graph.Value {
	var stages []*graph.Value
	x = b.Relu(n.centred(b, x, stem))
	x = b.MaxPool(x, graph.PoolOptions{Kernel: 3, Stride: 2, Pads: graph.Same(1)})
	for _, k := range blocks {
		y := b.Relu(n.centred(b, x, k.conv1))
		y = b.Relu(n.centred(b, y, k.conv2))
		y = n.centred(b, y, k.conv3)
		if k.downsamples {
			x = n.centred(b, x, k.downsample)
		}
		x = b.Relu(b.Add(y, x))
		if k.taken {
			stages = append(stages, x)
		}
	}
	return stages
}

// centred adds a convolution padded alike on all sides, as torchvision's.
func (n *Backbone) centred(b *graph.Builder, x *graph.Value, c conv) *graph.Value {
	return n.conv(b, x, c, graph.Same((c.kernel-1)/2))
}
