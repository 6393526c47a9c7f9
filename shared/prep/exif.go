package prep

// exifOrientation reads the orientation of an EXIF block, which is a TIFF file
// (EXIF 2.32, 4.6.4). It returns 0 when there is none, or the block is damaged.
func exifOrientation(tiff []byte) Orientation {
	d, ok := readDirectory(tiff)
	if !ok {
		return 0
	}
	return d.orientation()
}
