package ort

import (
	"errors"
	"fmt"
	"strings"

	onnxruntime "github.com/yalue/onnxruntime_go"
)

// Device names, as --device takes them.
const (
	CPU  = "cpu"
	CUDA = "cuda"
	Auto = "auto"
)

// ErrNoCUDA is wrapped by errors of a session that asked for CUDA and cannot have it.
var ErrNoCUDA = errors.New("CUDA is not available")

// open makes the runtime's session on one device.
func (s *Session) open(model []byte, device string, o Options) error {
	opts, err := onnxruntime.NewSessionOptions()
	if err != nil {
		return err
	}
	defer opts.Destroy()
	if err := settings(opts, o); err != nil {
		return err
	}
	if device == CUDA {
		if err := useCUDA(opts); err != nil {
			return cudaError(err)
		}
	}
	names := func(list []IO) []string {
		out := make([]string, len(list))
		for i, v := range list {
			out[i] = v.Name
		}
		return out
	}
	s.onnx, err = onnxruntime.NewDynamicAdvancedSessionWithONNXData(model, names(s.inputs), names(s.outputs), opts)
	if err != nil {
		if device == CUDA && strings.Contains(err.Error(), "CUDA") {
			return cudaError(err)
		}
		return err
	}
	s.device = device
	return nil
}

func settings(opts *onnxruntime.SessionOptions, o Options) error {
	if o.Threads < 0 {
		return fmt.Errorf("%d threads", o.Threads)
	}
	// Idle threads sleep: spinning gains no time here and burns what other
	// sessions and the server could use.
	return errors.Join(
		opts.SetIntraOpNumThreads(o.Threads),
		opts.SetInterOpNumThreads(1),
		opts.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		opts.AddSessionConfigEntry("session.inter_op.allow_spinning", "0"),
		opts.SetCpuMemArena(!o.Training),
		opts.SetMemPattern(!o.Training),
	)
}

// useCUDA adds the CUDA provider. Convolution algorithms are chosen by cuDNN's
// heuristic: the exhaustive default measures anew for every input shape.
// Memory grows by what is asked for, not to the next power of two. TF32 is off:
// its 10-bit mantissa would break the promise of equal scores on all devices.
func useCUDA(opts *onnxruntime.SessionOptions) error {
	cuda, err := onnxruntime.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer cuda.Destroy()
	if err := cuda.Update(map[string]string{
		"cudnn_conv_algo_search": "HEURISTIC",
		"arena_extend_strategy":  "kSameAsRequested",
		"use_tf32":               "0",
	}); err != nil {
		return err
	}
	return opts.AppendExecutionProviderCUDA(cuda)
}

// cudaError says which part of CUDA is missing: the library's support, the
// libraries beside it, or the card.
func cudaError(err error) error {
	s := err.Error()
	hint := "check the driver with nvidia-smi"
	switch {
	case strings.Contains(s, "not enabled in this build"):
		hint = "this ONNX Runtime library was built without it; run 'go run ./server/ort/fetch --cuda' and name the library with --ort-lib"
	case strings.Contains(s, "Failed to load"), strings.Contains(s, "cannot open shared object"), strings.Contains(s, "shared library"):
		hint = "the CUDA libraries (CUDA 13, cuDNN 9) or libonnxruntime_providers_cuda.so are not beside the library or on the library path"
	case strings.Contains(s, "no CUDA-capable device"), strings.Contains(s, "CUDA failure 100"), strings.Contains(s, "CUDA failure 35"):
		hint = "no usable card or driver on this machine"
	}
	return fmt.Errorf("%w: %s; use --device cpu, or: %s", ErrNoCUDA, s, hint)
}
