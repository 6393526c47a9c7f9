package train

import "semirest/models/weights"

// Features are kept as IEEE half floats: a few hundred pictures of 4096 blocks by
// 256 channels are over a gigabyte even so. Features are of order one, and their
// rounding (relative 5e-4) is far below the noise the training adds on purpose.

// widen holds every half's value: a look-up costs less than the bit work, and a
// step widens millions.
var widen = func() *[1 << 16]float32 {
	var t [1 << 16]float32
	for i := range t {
		t[i] = weights.FromHalf(uint16(i))
	}
	return &t
}()
