package picture

import (
	"context"
	"errors"

	"semirest/server/memory"
	"semirest/shared/prep"
)

// Room takes the memory that decoding a file takes, from its bytes to upright RGB and
// once more its pixels as an encoder wants them, and waits while others have it. extra
// is what the caller makes of the pixels besides, in bytes. The share is given back when
// none of that is used any more. A picture that takes more than the
// machine has is a *prep.SizeError, and so is one beyond l; of what is no picture
// nothing is taken, since its decoding fails at the header.
func Room(ctx context.Context, data []byte, l prep.Limits, extra int64) (*memory.Share, error) {
	return room(ctx, data, l, 0, extra)
}

// MaskRoom is Room for DecodeMask and MaskFile.
func MaskRoom(ctx context.Context, data []byte, l prep.Limits) (*memory.Share, error) {
	return room(ctx, data, l, maskEach, 0)
}

// maskEach is what a mask takes besides a picture's pixels, in bytes a pixel: its levels, what is marked, and colours one
// by one.
const maskEach = 12

func room(ctx context.Context, data []byte, l prep.Limits, more, extra int64) (*memory.Share, error) {
	h, err := prep.ReadHeader(data)
	if err != nil || h.Odd != "" {
		return memory.Take(ctx, int64(len(data)))
	}
	if err := l.Check(h.Stored); err != nil {
		return nil, err
	}
	each := cost(h) + more
	share, err := memory.Take(ctx, int64(len(data))+each*h.Stored.Pixels()+extra)
	if _, ok := errors.AsType[*memory.TooMuchError](err); ok {
		most := max(0, (memory.Bound()-int64(len(data))-extra)/each)
		return nil, &prep.SizeError{Size: h.Upright(), Limits: prep.Limits{MaxSide: l.MaxSide, MaxPixels: most}}
	}
	return share, err
}

// cost is what a pixel of a file takes while it is decoded, in bytes: what Go's decoder
// makes, with its own way there, and RGB as stored and upright.
func cost(h prep.Header) int64 {
	wide := int64(max(1, h.Bits/8)) // bytes of a sample
	var each int64
	switch h.Format {
	case prep.JPEG:
		each = int64(h.Channels)
		if h.Channels == 4 {
			each = 12 // the fourth plane lies apart until the four are joined, and colours are converted one by one
		}
		if h.Passes {
			each += 4 * int64(h.Channels) // every coefficient, until the last pass
		}
	case prep.PNG:
		if each = wide; h.Channels > 1 || h.Alpha {
			each = 4 * wide
		}
		if h.Passes {
			each *= 2 // a picture of half the pixels for the last pass, and those before it
		}
	case prep.TIFF:
		each = 4*wide + int64(h.Channels)*wide // a strip may hold the whole picture, unpacked
	default: // WebP without loss is unpacked through a copy, with alpha its colours are converted one by one
		each = 8
		if h.Alpha {
			each = 12
		}
	}
	// RGB, and RGB again where the picture is turned; an encoder's four bytes come after the decoder's have gone.
	each += 3
	if h.Orientation != prep.Upright {
		each += 3
	}
	return max(each, 7)
}
