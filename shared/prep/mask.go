package prep

// NearestMask brings a mask [h, w] to another size, each pixel from the one under its
// centre: 1 where that is not 0. A nil mask marks nothing.
func NearestMask(mask []byte, w, h, toW, toH int) []byte {
	out := make([]byte, toW*toH)
	if mask == nil {
		return out
	}
	for y := range toH {
		row := mask[(2*y+1)*h/(2*toH)*w:]
		for x := range toW {
			if row[(2*x+1)*w/(2*toW)] != 0 {
				out[y*toW+x] = 1
			}
		}
	}
	return out
}
