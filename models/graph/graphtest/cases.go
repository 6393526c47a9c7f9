package graphtest

import (
	"math"

	"semirest/models/graph"
)

type values = []*graph.Value

// one and two adapt methods of Builder with one or two operands.
func one(f func(*graph.Builder, *graph.Value) *graph.Value) func(*graph.Builder, values) *graph.Value {
	return func(b *graph.Builder, in values) *graph.Value { return f(b, in[0]) }
}

func two(f func(*graph.Builder, *graph.Value, *graph.Value) *graph.Value) func(*graph.Builder, values) *graph.Value {
	return func(b *graph.Builder, in values) *graph.Value { return f(b, in[0], in[1]) }
}

func power(e float64) func(*graph.Builder, values) *graph.Value {
	return func(b *graph.Builder, in values) *graph.Value { return b.Pow(in[0], b.Scalar(e)) }
}

func gemm(tx, ty bool) func(*graph.Builder, values) *graph.Value {
	return func(b *graph.Builder, in values) *graph.Value {
		if len(in) == 2 {
			return b.Gemm(in[0], in[1], nil, tx, ty)
		}
		return b.Gemm(in[0], in[1], in[2], tx, ty)
	}
}

func conv(o graph.ConvOptions) func(*graph.Builder, values) *graph.Value {
	return func(b *graph.Builder, in values) *graph.Value {
		if len(in) == 2 {
			return b.Conv(in[0], in[1], nil, o)
		}
		return b.Conv(in[0], in[1], in[2], o)
	}
}

func resize(h, w int) func(*graph.Builder, values) *graph.Value {
	return func(b *graph.Builder, in values) *graph.Value { return b.Resize(in[0], h, w) }
}

// Cases are all operators, in the order of the fixture.
var Cases = []Case{
	// Element-wise.
	{Name: "add", Build: two((*graph.Builder).Add), Batch: true},
	{Name: "sub", Build: two((*graph.Builder).Sub)},
	{Name: "mul", Build: two((*graph.Builder).Mul), Batch: true},
	{Name: "div", Build: two((*graph.Builder).Div), Batch: true},
	{Name: "min", Build: two((*graph.Builder).Min), Kinks: true},
	{Name: "max", Build: two((*graph.Builder).Max), Kinks: true},
	{Name: "pow_2", Build: power(2), Batch: true},
	{Name: "pow_3", Build: power(3)},
	{Name: "pow_4", Build: power(4)},
	{Name: "pow_2.5", Build: power(2.5)},
	{Name: "pow", Build: two((*graph.Builder).Pow)},
	{Name: "neg", Build: one((*graph.Builder).Neg), Batch: true},
	{Name: "abs", Build: one((*graph.Builder).Abs), Batch: true, Kinks: true},
	{Name: "square", Build: one((*graph.Builder).Square)},
	{Name: "sqrt", Build: one((*graph.Builder).Sqrt)},
	{Name: "reciprocal", Build: one((*graph.Builder).Reciprocal)},
	{Name: "exp", Build: one((*graph.Builder).Exp)},
	{Name: "log", Build: one((*graph.Builder).Log)},
	{Name: "sin", Build: one((*graph.Builder).Sin)},
	{Name: "cos", Build: one((*graph.Builder).Cos)},
	{Name: "clip", Build: func(b *graph.Builder, in values) *graph.Value { return b.Clip(in[0], -0.5, 0.75) }, Kinks: true},
	{Name: "where", Build: func(b *graph.Builder, in values) *graph.Value { return b.Where(in[0], in[1], in[2]) }},
	{Name: "stop", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.Mul(in[0], b.StopGradient(in[0]))
	}, Kinks: true}, // its gradient is not the slope, by design
	{Name: "reuse", Build: func(b *graph.Builder, in values) *graph.Value {
		x := in[0]
		y := b.Add(b.Add(b.Square(x), b.Exp(x)), b.Mul(x, b.Scalar(3)))
		return b.Sub(y, b.Mul(b.ReduceSum(x, false), b.Identity(x)))
	}},

	// Activations.
	{Name: "relu", Build: one((*graph.Builder).Relu), Kinks: true},
	{Name: "relu6", Build: one((*graph.Builder).Relu6), Kinks: true},
	{Name: "leaky_relu", Build: func(b *graph.Builder, in values) *graph.Value { return b.LeakyRelu(in[0], 0.1) }, Kinks: true},
	{Name: "sigmoid", Build: one((*graph.Builder).Sigmoid)},
	{Name: "tanh", Build: one((*graph.Builder).Tanh)},
	{Name: "softplus", Build: one((*graph.Builder).Softplus)},
	{Name: "swish", Build: one((*graph.Builder).Swish)},
	{Name: "erf", Build: one((*graph.Builder).Erf)},
	{Name: "gelu", Build: one((*graph.Builder).Gelu), Batch: true},
	{Name: "softmax", Build: func(b *graph.Builder, in values) *graph.Value { return b.Softmax(in[0], -1) }, Batch: true},
	{Name: "softmax_1", Build: func(b *graph.Builder, in values) *graph.Value { return b.Softmax(in[0], 1) }},
	{Name: "log_softmax", Build: func(b *graph.Builder, in values) *graph.Value { return b.LogSoftmax(in[0], -1) }, Batch: true},

	// Matrices.
	{Name: "matmul", Build: two((*graph.Builder).MatMul), Batch: true},
	{Name: "matmul_rows", Build: two((*graph.Builder).MatMul), Batch: true},
	{Name: "matmul_batch", Build: two((*graph.Builder).MatMul)},
	{Name: "matmul_broadcast", Build: two((*graph.Builder).MatMul), Batch: true},
	{Name: "gemm_00", Build: gemm(false, false), Batch: true},
	{Name: "gemm_01", Build: gemm(false, true), Batch: true},
	{Name: "gemm_10", Build: gemm(true, false)},
	{Name: "gemm_11", Build: gemm(true, true)},
	{Name: "gemm_plain", Build: gemm(false, false)},
	{Name: "linear", Build: func(b *graph.Builder, in values) *graph.Value { return b.Linear(in[0], in[1], in[2]) }, Batch: true},

	// Convolutions.
	{Name: "conv", Build: conv(graph.ConvOptions{Pads: graph.Same(1)}), Batch: true},
	{Name: "conv_1x1", Build: conv(graph.ConvOptions{}), Batch: true},
	{Name: "conv_stride", Build: conv(graph.ConvOptions{Stride: 2, Pads: graph.Same(1)})},
	{Name: "conv_dilated", Build: conv(graph.ConvOptions{Stride: 2, Dilation: 2, Pads: graph.Same(2)})},
	{Name: "conv_uneven", Build: conv(graph.ConvOptions{Stride: 2, Pads: [4]int{0, 0, 1, 1}}), Batch: true},
	{Name: "conv_grouped", Build: conv(graph.ConvOptions{Stride: 2, Pads: graph.Same(1), Groups: 2})},
	{Name: "conv_depthwise", Build: conv(graph.ConvOptions{Pads: graph.Same(1), Groups: 4}), Batch: true},
	{Name: "conv_transpose", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.ConvTranspose(in[0], in[1], in[2], graph.ConvOptions{Stride: 2}, 0)
	}, Batch: true},
	{Name: "conv_transpose_pad", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.ConvTranspose(in[0], in[1], nil, graph.ConvOptions{Stride: 2, Pads: graph.Same(1), Groups: 2}, 1)
	}},

	// Pools and resizing.
	{Name: "average_pool", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.AveragePool(in[0], graph.PoolOptions{Kernel: 2, Stride: 2})
	}, Batch: true},
	{Name: "average_pool_pad", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.AveragePool(in[0], graph.PoolOptions{Kernel: 3, Pads: graph.Same(1)})
	}, Batch: true},
	{Name: "average_pool_exclude", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.AveragePool(in[0], graph.PoolOptions{Kernel: 3, Stride: 2, Pads: graph.Same(1), ExcludePad: true})
	}},
	{Name: "max_pool", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.MaxPool(b.Relu(in[0]), graph.PoolOptions{Kernel: 2, Stride: 2})
	}, Batch: true, Kinks: true},
	{Name: "max_pool_pad", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.MaxPool(b.Relu(in[0]), graph.PoolOptions{Kernel: 3, Stride: 2, Pads: graph.Same(1)})
	}, Kinks: true},
	{Name: "resize_up", Build: resize(8, 6), Batch: true},
	{Name: "resize_odd", Build: resize(7, 5), Batch: true},
	{Name: "resize_down", Build: resize(3, 2), Batch: true},
	{Name: "resize_nearest", Build: func(b *graph.Builder, in values) *graph.Value { return b.ResizeNearest(in[0], 8, 9) }},

	// Norms.
	{Name: "layer_norm", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.LayerNorm(in[0], in[1], in[2], 1e-5)
	}, Batch: true},
	{Name: "layer_norm_plain", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.LayerNorm(in[0], in[1], nil, 1e-5)
	}},
	{Name: "normalize", Build: func(b *graph.Builder, in values) *graph.Value { return b.Normalize(in[0], 1e-3, 1, 3) }, Batch: true},
	{Name: "group_norm", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.GroupNorm(in[0], in[1], in[2], 2, 1e-5)
	}, Batch: true},
	{Name: "batch_norm", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.BatchNorm(in[0], in[1], in[2], 1e-5)
	}},

	// Reductions.
	{Name: "reduce_sum", Build: func(b *graph.Builder, in values) *graph.Value { return b.ReduceSum(in[0], false, 0, 2) }},
	{Name: "reduce_sum_all", Build: func(b *graph.Builder, in values) *graph.Value { return b.ReduceSum(in[0], false) }, Batch: true},
	{Name: "reduce_mean", Build: func(b *graph.Builder, in values) *graph.Value { return b.ReduceMean(in[0], true, 1) }, Batch: true},
	{Name: "reduce_max", Build: func(b *graph.Builder, in values) *graph.Value { return b.ReduceMax(in[0], false, 1) }, Kinks: true},
	{Name: "reduce_min", Build: func(b *graph.Builder, in values) *graph.Value { return b.ReduceMin(in[0], true, 1) }, Kinks: true},
	{Name: "arg_max", Build: func(b *graph.Builder, in values) *graph.Value { return b.ArgMax(in[0], 1, false) }},
	{Name: "top_k", Build: func(b *graph.Builder, in values) *graph.Value {
		v, _ := b.TopK(in[0], 2, 1, true)
		return v
	}},
	{Name: "top_k_index", Build: func(b *graph.Builder, in values) *graph.Value {
		_, i := b.TopK(in[0], 2, 1, false)
		return i
	}, Batch: true},

	// Moves.
	{Name: "reshape", Build: func(b *graph.Builder, in values) *graph.Value { return b.Reshape(in[0], 3, 0) }},
	{Name: "transpose", Build: func(b *graph.Builder, in values) *graph.Value { return b.Transpose(in[0], 2, 0, 1) }, Batch: true},
	{Name: "concat", Build: func(b *graph.Builder, in values) *graph.Value { return b.Concat(1, in...) }},
	{Name: "split", Build: func(b *graph.Builder, in values) *graph.Value {
		p := b.Split(in[0], 1, 1, 2, 3) // the middle part goes nowhere
		return b.Concat(1, p[2], b.Mul(p[0], b.Scalar(2)))
	}},
	{Name: "slice", Build: func(b *graph.Builder, in values) *graph.Value { return b.Slice(in[0], 1, 1, -1) }, Batch: true},
	{Name: "slice_step", Build: func(b *graph.Builder, in values) *graph.Value { return b.SliceStep(in[0], 1, 1, 7, 2) }},
	{Name: "pad", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.Pad(in[0], []int{0, 0, 1}, []int{0, 3, 2}, 0.5)
	}, Batch: true},
	{Name: "expand", Build: func(b *graph.Builder, in values) *graph.Value { return b.Expand(in[0], 2, 3, 4) }},
	{Name: "cast", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.Cast(b.Mul(b.Cast(in[0], graph.Float64), b.F64("", []float64{1})), graph.Float32)
	}},
	{Name: "gather_permutation", Build: func(b *graph.Builder, in values) *graph.Value { return b.Take(in[0], 1, 3, 0, 2, 1) }, Batch: true},
	{Name: "gather_part", Build: func(b *graph.Builder, in values) *graph.Value { return b.Take(in[0], 0, 4, 0, 2) }},
	{Name: "gather_repeat", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.Gather(in[0], b.I64("", []int64{0, 1, 1, 2, 2, 0}, 3, 2), 1)
	}},
	{Name: "gather_often", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.Take(in[0], 0, append(offsets(4), repeat(3, 60)...)...)
	}},
	{Name: "gather_run_time", Build: func(b *graph.Builder, in values) *graph.Value { return b.Gather(in[0], in[1], 1) }, Batch: true},
	{Name: "gather_elements", Build: func(b *graph.Builder, in values) *graph.Value { return b.GatherElements(in[0], in[1], 1) }},

	// Comparisons.
	{Name: "equal", Build: two((*graph.Builder).Equal)},
	{Name: "greater", Build: two((*graph.Builder).Greater)},
	{Name: "greater_or_equal", Build: two((*graph.Builder).GreaterOrEqual)},
	{Name: "less", Build: two((*graph.Builder).Less)},
	{Name: "less_or_equal", Build: two((*graph.Builder).LessOrEqual)},
	{Name: "and", Build: two((*graph.Builder).And)},
	{Name: "or", Build: two((*graph.Builder).Or)},
	{Name: "not", Build: one((*graph.Builder).Not)},
	{Name: "sign", Build: one((*graph.Builder).Sign)},
	{Name: "floor", Build: one((*graph.Builder).Floor)},
	{Name: "bytes", Build: func(b *graph.Builder, in values) *graph.Value {
		return b.Mul(b.Cast(in[0], graph.Float32), b.Scalar(1.0/255))
	}, Batch: true},

	// Networks in small.
	{Name: "focal", Build: focal},
	{Name: "attention", Build: attention},
	{Name: "mlp", Build: func(b *graph.Builder, in values) *graph.Value {
		h := b.Gelu(b.Linear(b.LayerNorm(in[0], in[5], in[6], 1e-5), in[1], in[2]))
		return b.Add(in[0], b.Linear(h, in[3], in[4]))
	}, Batch: true},
	{Name: "unet", Build: func(b *graph.Builder, in values) *graph.Value {
		same := graph.ConvOptions{Pads: graph.Same(1)}
		a := b.Relu(b.Conv(in[0], in[1], nil, same))
		d := b.Relu(b.Conv(b.MaxPool(a, graph.PoolOptions{Kernel: 2, Stride: 2}), in[2], nil, same))
		return b.Conv(b.Concat(1, a, b.Resize(d, 8, 8)), in[3], nil, same)
	}, Batch: true, Kinks: true},
}

// focal is the loss of METHOD section 6 with soft targets.
func focal(b *graph.Builder, in values) *graph.Value {
	z, target := in[0], in[1]
	p := b.ReduceSum(b.Mul(b.Softmax(z, -1), target), false, 1)
	positive := b.Greater(b.Slice(target, 1, 1, 2), b.Slice(target, 1, 0, 1))
	w := b.Reshape(b.Where(positive, b.Scalar(0.25), b.Scalar(0.75)), 5)
	loss := b.Mul(b.Mul(w, b.Pow(b.Sub(b.Scalar(1), p), b.Scalar(4))), b.Log(p))
	return b.Neg(b.ReduceMean(loss, false))
}

// offsets are the relative positions of n tokens in a row, as indices of a bias table.
func offsets(n int) []int {
	var out []int
	for i := range n {
		for j := range n {
			out = append(out, i-j+n-1)
		}
	}
	return out
}

func repeat(x, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = x
	}
	return out
}

// attention is windowed self-attention with a relative position bias and a mask.
func attention(b *graph.Builder, in values) *graph.Value {
	x, heads := in[0], 2
	n, t, c := x.Dim(0), x.Dim(1), x.Dim(2)
	qkv := b.Reshape(b.Linear(x, in[1], in[2]), n, t, 3, heads, c/heads)
	qkv = b.Transpose(qkv, 2, 0, 3, 1, 4)
	part := func(i int) *graph.Value { return b.Squeeze(b.Slice(qkv, 0, i, i+1), 0) }
	q := b.Mul(part(0), b.Scalar(1/math.Sqrt(float64(c/heads))))
	s := b.MatMul(q, b.Transpose(part(1), 0, 1, 3, 2))
	pos := b.Transpose(b.Reshape(b.Take(in[3], 0, offsets(t)...), t, t, heads), 2, 0, 1)
	s = b.Softmax(b.Add(b.Add(s, pos), in[4]), -1)
	return b.Reshape(b.Transpose(b.MatMul(s, part(2)), 0, 2, 1, 3), n, t, c)
}
