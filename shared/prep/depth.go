package prep

// Depth is how many bits the samples of 16-bit files use: a camera of 12 bits writes
// 0 to 4095 into them, of which the high byte keeps 16 grey levels. 0 is all 16. It
// is one number for all pictures of a detector, found in those that it learnt from,
// since each picture's own would make the same part darker or brighter. Files of 8
// bits have nothing to do with it.
type Depth uint8

// OwnDepth stands for the depth that a picture has by itself: to look at it where no
// detector says which.
const OwnDepth Depth = 1

// Byte brings a sample to 8 bits. What is brighter than the depth holds is white.
func (d Depth) Byte(sample uint16) byte {
	switch {
	case d == 0 || d >= 16:
		return byte(sample >> 8)
	case d < 8:
		d = 8
	}
	return byte(min(sample>>(d-8), 255))
}

// DepthOf is the least depth of a camera, 8, 10, 12, 14 or 16 bits, that holds the
// largest sample; 0 stands for 16.
func DepthOf(largest uint16) Depth {
	for d := Depth(8); d < 16; d += 2 {
		if largest < 1<<d {
			return d
		}
	}
	return 0
}

// Wider is the depth that holds the samples of both.
func (d Depth) Wider(o Depth) Depth {
	if d == 0 || o == 0 {
		return 0
	}
	return max(d, o)
}

// Valid says whether it is a depth at all.
func (d Depth) Valid() bool { return d == 0 || d >= 8 && d < 16 }
