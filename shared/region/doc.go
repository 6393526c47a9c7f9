// Package region turns clicks into the region of a defect: a click on a defect, or on what is none, and a region grows
// from the detector's map, the picture's edges and its colours; each further click corrects it.
//
// Words:
//
//   - The picture is looked at on a grid of cells, at most Side of them along its longer side, so that a click costs the
//     same on every picture.
//   - The field is one number a cell, positive in the region: the odds' logarithm that the cell belongs to it.
//   - The way from a click to a cell is the path that costs least, where a step costs more across an edge of the picture
//     or of the detector's map. Its neck is the lowest value of the map on the path that keeps it highest.
//   - A correction is any click but the first. What it says holds as far as the mistake seems to reach: its reach is the
//     distance of the click from the edge of what it lies in, since people click in the middle of a mistake.
//
// Two small networks (net.go) weigh these measures of a cell: one for the first click, one for corrections, which also
// sees the field so far. server/clicks learns them and measures what they reach.
package region
