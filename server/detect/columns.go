package detect

import (
	"context"
	"fmt"

	"semirest/models/graph"
	"semirest/models/nets"
	"semirest/models/onnx"
	"semirest/server/ort"
	"semirest/shared/prep"
)

// ColumnGraph writes a backbone's hypercolumns as an ONNX graph for pictures of
// one size: bytes of pixels [n, h, w, 3], or with normalised their normalised
// float32 tensor [n, 3, h, w], in; [n, rows*cols, d] out, unscaled and without
// the position code. Width and height are multiples of 64.
func ColumnGraph(net *nets.Backbone, size prep.Size, normalised bool) (*onnx.Model, error) {
	return graph.Build("hypercolumns", func(b *graph.Builder) {
		var x *graph.Value
		if normalised {
			x = b.Input(InputPixels, graph.Float32, -1, 3, size.H, size.W)
		} else {
			x = normalise(b, net.Architecture, b.Input(InputPixels, graph.Uint8, -1, size.H, size.W, 3))
		}
		b.Output(OutputPCF, newColumns(b, net, x).of(&Feature{Layers: Joint(net.Architecture, false), Cell: stride}))
	})
}

// HyperColumns runs a ColumnGraph once: input is uint8 [1, h, w, 3] or float32
// [1, 3, h, w]. The result is [rows, cols, d].
func HyperColumns(ctx context.Context, net *nets.Backbone, size prep.Size, input ort.Tensor, normalised bool, o ort.Options) (columns []float32, shape [3]int, err error) {
	if size.W < stride || size.H < stride || size.W%16 != 0 || size.H%16 != 0 {
		return nil, shape, fmt.Errorf("detect: an input of %v: width and height must be multiples of 16", size)
	}
	g, err := ColumnGraph(net, size, normalised)
	if err != nil {
		return nil, shape, fmt.Errorf("detect: %w", err)
	}
	session, err := open(g, o)
	if err != nil {
		return nil, shape, err
	}
	defer session.Close()
	out, err := session.Run(ctx, ort.Feeds{InputPixels: input})
	if err != nil {
		return nil, shape, fmt.Errorf("detect: %w", err)
	}
	_, d := sizes(net.Architecture, Joint(net.Architecture, false))
	return out[OutputPCF].F32(), [3]int{size.H / stride, size.W / stride, d}, nil
}
