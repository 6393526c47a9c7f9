package picture

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"semirest/server/memory"
	"semirest/shared/prep"
)

// What a header says decoding takes is no less than all that decoding allocates,
// garbage included, and not far more: an honest picture must not wait for nothing.
func TestRoomHoldsWhatDecodingTakes(t *testing.T) {
	memory.Limit(1 << 30)
	t.Cleanup(func() { memory.Limit(0) })
	files, err := filepath.Glob("testdata/room/*.*")
	if err != nil || len(files) < 14 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, path := range files {
		if filepath.Ext(path) == ".py" {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, decode := range map[string]func() error{
			"decode": func() error { _, err := Decode(data, prep.DefaultLimits); return err },
			"mask":   func() error { _, _, err := DecodeMask(data, prep.DefaultLimits); return err },
		} {
			share, err := Room(t.Context(), data, prep.DefaultLimits, 0)
			if name == "mask" {
				share.Release()
				share, err = MaskRoom(t.Context(), data, prep.DefaultLimits)
			}
			if err != nil {
				t.Fatal(err)
			}
			taken := memory.Used()
			share.Release()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if err := decode(); err != nil && !errors.Is(err, ErrMask) {
				t.Fatalf("%s: %v", path, err)
			}
			runtime.ReadMemStats(&after)
			took := int64(after.TotalAlloc-before.TotalAlloc) - 2<<20 // the decoders' tables, and a mask's counts of levels
			if took > taken {
				t.Errorf("%s: %s allocates %d bytes for 800x600 pixels, %d were taken", path, name, took, taken)
			}
			if name == "decode" && taken > 3*took+6<<20 {
				t.Errorf("%s: %d bytes were taken for %d", path, taken, took)
			}
		}
	}
}

func TestRoomRefuses(t *testing.T) {
	memory.Limit(64 << 20)
	t.Cleanup(func() { memory.Limit(0) })
	data, err := os.ReadFile("testdata/room/rgb16.png")
	if err != nil {
		t.Fatal(err)
	}
	var size *prep.SizeError
	data[16+2], data[20+2] = 0x20, 0x20 // 8992 x 8792 pixels
	if _, err := Room(t.Context(), data, prep.DefaultLimits, 0); !errors.As(err, &size) || size.Limits.MaxPixels < 1<<20 || size.Limits.MaxPixels > 64<<20/11 {
		t.Errorf("more than there is memory for: %v", err)
	}
	if _, err := Room(t.Context(), data, prep.Limits{MaxSide: 1000, MaxPixels: 1e6}, 0); !errors.As(err, &size) || size.Limits.MaxSide != 1000 {
		t.Errorf("beyond the limits: %v", err)
	}
	if memory.Used() != 0 {
		t.Errorf("%d bytes stay taken", memory.Used())
	}
	if share, err := Room(context.Background(), []byte("no picture"), prep.DefaultLimits, 0); err != nil {
		t.Errorf("no picture: %v", err)
	} else {
		share.Release()
	}
}
