// Package prep turns a decoded picture into a detector's input: it reads sizes
// and EXIF orientation from file headers, plans which crops of a picture the
// detector is to see, and resizes. The client in the browser and the server
// run this same code, so the bytes that a detector was fitted on are the bytes
// that it scores.
//
// Words:
//
//   - Stored pixels are the picture as the file holds it. Upright pixels are
//     the picture as it is to be looked at, after the EXIF orientation. All
//     coordinates outside this package (crops, labels, masks) are upright.
//   - The input is what one run of the detector takes: Size pixels of RGB,
//     three bytes each, row-major, no padding.
//   - A crop is one input cut from the picture. Without tiles the whole picture
//     is resized to the input and is the only crop. With tiles the picture is
//     resized to the scaled size and crops of the input's size are cut from it.
//
// Resizing equals Pillow's Image.resize(size, Image.BILINEAR) on an RGB
// picture, bit for bit: an antialiasing triangle filter in fixed point, one
// pass horizontally and one vertically, each rounded to bytes. The order of the
// passes is that of Pillow 13: horizontal first, but vertical first
// where the height loses more than twice the pixels that the width loses.
//
// Two rules for pictures that are not 8-bit opaque RGB, the same on both sides:
// of 16-bit samples the high byte of those bits counts that
// a detector's pictures use (see Depth), and alpha is laid over white (see
// Flatten).
package prep
