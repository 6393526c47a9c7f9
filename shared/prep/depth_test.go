package prep

import "testing"

func TestDepth(t *testing.T) {
	for _, c := range []struct {
		largest uint16
		want    Depth
	}{{0, 8}, {255, 8}, {256, 10}, {1023, 10}, {1024, 12}, {4095, 12}, {4096, 14}, {16383, 14}, {16384, 0}, {65535, 0}} {
		if d := DepthOf(c.largest); d != c.want || !d.Valid() {
			t.Errorf("%d: %d bits, want %d", c.largest, d, c.want)
		}
	}
	for _, c := range []struct {
		depth  Depth
		sample uint16
		want   byte
	}{{0, 0xabcd, 0xab}, {16, 0xabcd, 0xab}, {8, 200, 200}, {8, 300, 255}, {10, 1023, 255}, {12, 4095, 255}, {12, 2048, 128}, {12, 15, 0}, {12, 65535, 255}, {14, 64, 1}} {
		if got := c.depth.Byte(c.sample); got != c.want {
			t.Errorf("%d bits, %d: %d, want %d", c.depth, c.sample, got, c.want)
		}
	}
	if Depth(10).Wider(12) != 12 || Depth(12).Wider(0) != 0 || Depth(8).Wider(8) != 8 {
		t.Error("the wider depth")
	}
}
