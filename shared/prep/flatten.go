package prep

// Flatten lays RGBA pixels with straight (not premultiplied) alpha over white
// and makes them opaque, in place: each channel becomes
// (c*a + 255*(255-a)) / 255, rounded to nearest. What hides under full
// transparency is arbitrary and must not reach the detector. It panics unless
// len(rgba) is a multiple of 4.
func Flatten(rgba []byte) {
	if len(rgba)%4 != 0 {
		panic("prep: RGBA pixels are not whole")
	}
	for i := 0; i < len(rgba); i += 4 {
		p := rgba[i : i+4 : i+4]
		a := uint32(p[3])
		if a == 255 {
			continue
		}
		white := 255*(255-a) + 127
		p[0] = byte((uint32(p[0])*a + white) / 255)
		p[1] = byte((uint32(p[1])*a + white) / 255)
		p[2] = byte((uint32(p[2])*a + white) / 255)
		p[3] = 255
	}
}
