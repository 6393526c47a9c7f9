// Package annot holds one picture's labels and everything a person does to
// them: drawing, moving, erasing, undoing. It knows nothing of a screen; the
// page draws what it says and tells it what the pointer and the keys did.
//
// Words:
//
//   - All coordinates are pixels of the upright original picture, whatever the
//     screen shows and whatever size a detector takes; pixel (i, j) is the unit
//     square from (i, j) to (i+1, j+1).
//   - A shape is a box, axis-parallel or rotated, or a polygon. A box says that
//     a defect lies somewhere in it; a polygon's inside is the defect.
//   - The mask marks pixels of defects, as runs in each row.
//   - A layer labels the blocks of one grid over the picture.
//   - A mark is any of these. A picture with marks, or with the flag 'normal',
//     is labelled; what no mark covers is then normal.
//   - A proposal is a shape that a detector suggested and nobody accepted yet;
//     it counts for nothing.
//   - A step is what one undo takes back.
//
// Geometry is kept in whole steps of 1/256 pixel and 1/65536 turn, so that
// labels are the same bytes wherever they are stored.
package annot
