package prep

// exifOrientation reads tag 0x0112 of the first image directory of an EXIF
// block, which is a TIFF file (TIFF 6.0, section 2; EXIF 2.32, 4.6.4). It
// returns 0 when there is none, or the block is damaged, or the value is none
// of 1 to 8.
func exifOrientation(tiff []byte) Orientation {
	if len(tiff) < 8 {
		return 0
	}
	get16, get32 := le16, le32
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		get16, get32 = be16, be32
	default:
		return 0
	}
	at := int64(get32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	n := int(get16(tiff[at:]))
	entries := tiff[at+2:]
	for range n {
		if len(entries) < 12 {
			return 0
		}
		if get16(entries) == 0x0112 {
			v := uint32(0)
			switch kind := get16(entries[2:]); {
			case get32(entries[4:]) != 1:
			case kind == 3: // SHORT
				v = uint32(get16(entries[8:]))
			case kind == 4: // LONG, as some cameras write it
				v = get32(entries[8:])
			}
			if v >= 1 && v <= 8 {
				return Orientation(v)
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}
