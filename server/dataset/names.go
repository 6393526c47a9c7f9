package dataset

import (
	"path/filepath"
	"slices"
	"strings"
)

// extensions are the file names that are taken for pictures.
var extensions = []string{".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".bmp", ".tif", ".tiff", ".webp"}

// others are pictures that are not read: they are told of, and everything else in
// a folder (Thumbs.db, notes) is not.
var others = []string{
	".gif", ".heic", ".heif", ".avif", ".jp2", ".j2k", ".jxl", ".jxr", ".svg", ".psd", ".tga", ".ico", ".dng", ".cr2", ".nef", ".arw", ".raw",
	".pgm", ".ppm", ".pbm", ".pnm", ".exr", ".hdr", ".dcm",
}

// IsImage reports whether a file name ends as a picture's does.
func IsImage(name string) bool { return ends(name, extensions) }

// OtherImage reports whether a file name ends as that of a picture of a format that
// is not read.
func OtherImage(name string) bool { return ends(name, others) }

func ends(name string, list []string) bool {
	if strings.HasPrefix(filepath.Base(name), ".") {
		return false
	}
	return slices.Contains(list, strings.ToLower(filepath.Ext(name)))
}

// IsGood reports whether a folder is one of normal pictures, as people call it.
func IsGood(folder string) bool {
	switch strings.ToLower(strings.TrimSpace(folder)) {
	case Good, "ok", "io", "normal", "goods", "non_defective", "nondefective", "no_defect", "defect_free", "defect-free":
		return true
	}
	return false
}

// OfMask takes a mask's ending away: the name, without its extension, of the picture
// that 000_mask.png or 000_GT.png is for. ok says whether the name has such an
// ending; without, it is the name without its extension.
func OfMask(name string) (picture string, ok bool) {
	picture = strings.TrimSuffix(name, filepath.Ext(name))
	low := strings.ToLower(picture)
	for _, word := range []string{"ground_truth", "groundtruth", "mask", "gt", "truth", "label"} {
		if bare := strings.TrimSuffix(low, word); bare != low && len(bare) > 1 && strings.ContainsAny(bare[len(bare)-1:], "_-. ") {
			return picture[:len(bare)-1], true
		}
	}
	return picture, false
}
