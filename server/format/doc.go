// Package format writes labels in the formats of other programs and reads them
// back, as one zip. What all formats need is here; each format is a codec in a room of
// its own (coco, csv, labelme, mask, voc, yolo), and package codecs lists them.
//
// A codec is a value: its description, what it writes in place of what it cannot hold,
// and two functions. Write gives an Encoder, which takes items one by one and puts files
// into the Writer's zip. Read goes through the Reader's files and tells of each picture
// as a Draft: where the picture should lie, what is said of it as a whole, and a function
// that puts its marks into a Builder. Finding the picture, measuring it, cutting what
// reaches beyond it, limits and warnings are the Reader's and the Builder's.
//
// Words:
//
//   - An item is one picture with what is said about it.
//   - A mark is what package annot calls one: a box, a polygon, marked pixels,
//     labelled blocks.
//   - A warning says what a format could not hold, or how a file was understood
//     where it leaves that open. Nothing is lost without one.
//   - Known pictures are those that are there already; labels that are brought
//     in are matched with them by content, path and name (package place, match.go).
//   - A file is read as people's programs write it: what cannot be told is
//     refused, what is not needed is not judged (package tolerant), and the
//     smallest thing that must fails: an object, a picture, a file, the archive.
//
// docs/formats.md lists what is read and refused, with the test of each line.
//
// # Upright pixels
//
// Labels are in pixels of the upright picture: EXIF orientation is applied
// before anything is measured. The origin is the left upper corner of the left
// upper pixel, so that pixel (i, j) is the square from (i, j) to (i+1, j+1).
// Every format is written by this rule, widths and heights included. Picture
// files are copied byte for byte, with their EXIF, because a re-encoded picture
// is another picture. Of the programs that read these formats, labelme,
// Ultralytics YOLO, Detectron2 and OpenCV's imread apply EXIF as well; PIL's
// plain Image.open, and with it torchvision's COCO and VOC readers, does not, and
// shows labels of a turned picture beside their defects. Write warns of each
// turned picture for that reason.
//
// A file whose width and height are the picture's, swapped, was made by a
// program that ignores EXIF. Read refuses it and says so: turning the labels
// would be a guess between two directions.
//
// # What each format holds
//
//	format    boxes    rotated  polygons   pixels     blocks     kinds      else
//	coco      yes      yes      yes        yes        yes        yes        everything
//	labelme   yes      yes      yes        yes        yes        yes        everything
//	csv       yes      yes      yes        yes        yes        yes        everything
//	mvtec     filled   filled   filled     yes        filled     a folder   truth, held
//	mask      filled   filled   filled     yes        filled     no
//	yolo      yes      bounds   bounds     bounds     bounds     yes        held
//	yolo-obb  yes      yes      rectangle  rectangle  rectangle  yes        held
//	yolo-seg  corners  corners  yes        outline    outline    yes        held
//	voc       rounded  bounds   bounds     bounds     bounds     yes        held
//
// Filled: its inside becomes marked pixels. Bounds: its smallest upright box.
// Rectangle: the smallest rotated box around it. Outline: the polygon around
// connected pixels, holes filled. Rounded: outwards to whole pixels. All tell a
// picture that is normal from one of which nothing was said. Everything: times,
// ids, proposals, blocks labelled normal, the picture's own kind and role; labels
// are read back as the same bytes of annot.Labels.Append, and a test holds that.
//
// # Files from strangers
//
// Archives are read within Limits, which count bytes as they are unpacked,
// whatever the archive says of itself. Names in an archive choose no path on
// this machine; those that try to (a leading slash, "..", a link) make the
// archive refused; a backslash is a separator. XML with a document type is refused, so no entity is
// ever expanded; JSON and XML are bounded in depth; nothing is allocated for a
// count that the bytes at hand cannot hold.
package format
