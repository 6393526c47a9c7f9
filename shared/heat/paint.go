package heat

// Paint writes the RGBA colour of every value of a field to dst, four bytes a
// value, straight alpha. It reads eight values at a time: while a slider moves
// this is all that runs. It panics unless dst holds 4*len(field) bytes.
func (t *Table) Paint(dst, field []byte) {
	if len(dst) != 4*len(field) {
		panic("heat: destination does not hold the field's colours")
	}
	for len(field) >= 8 {
		f, d := field[:8:8], dst[:32:32]
		v := get64(f)
		put64(d[0:8:8], uint64(t[v&255])|uint64(t[v>>8&255])<<32)
		put64(d[8:16:16], uint64(t[v>>16&255])|uint64(t[v>>24&255])<<32)
		put64(d[16:24:24], uint64(t[v>>32&255])|uint64(t[v>>40&255])<<32)
		put64(d[24:32:32], uint64(t[v>>48&255])|uint64(t[v>>56])<<32)
		field, dst = field[8:], dst[32:]
	}
	for i, v := range field {
		c := t[v]
		d := dst[4*i : 4*i+4 : 4*i+4]
		d[0], d[1], d[2], d[3] = byte(c), byte(c>>8), byte(c>>16), byte(c>>24)
	}
}

// Over lays the field's colours over a picture, in place: rgba holds as many
// pixels as the field, and stays opaque where it was. Channels become
// (under*(255-a) + over*a) / 255, rounded to nearest.
func (t *Table) Over(rgba, field []byte) {
	if len(rgba) != 4*len(field) {
		panic("heat: picture and field differ in size")
	}
	for i, v := range field {
		c := t[v]
		a := c >> 24
		if a == 0 {
			continue
		}
		d := rgba[4*i : 4*i+4 : 4*i+4]
		d[0] = byte((uint32(d[0])*(255-a) + (c&255)*a + 127) / 255)
		d[1] = byte((uint32(d[1])*(255-a) + (c>>8&255)*a + 127) / 255)
		d[2] = byte((uint32(d[2])*(255-a) + (c>>16&255)*a + 127) / 255)
		d[3] = byte(a + (uint32(d[3])*(255-a)+127)/255)
	}
}

// The compiler makes one load or store of each of these.

func get64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

func put64(b []byte, v uint64) {
	_ = b[7]
	b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	b[4], b[5], b[6], b[7] = byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56)
}
