// Package block holds the vocabulary of block-wise defect localisation: the
// grid of blocks that lies over a picture, a score or a label for every block,
// and the sliding windows that a classifier looks through.
//
// Words:
//
//   - A block is a square of Size x Size pixels of the detector's input, 8 or
//     16. One hypercolumn, one residual and one score belong to one block.
//   - A grid is Rows x Cols blocks that cover a picture without gap or
//     overlap. The picture may have any size of its own: w x h pixels are
//     stretched over the grid, so block (r, c) covers the picture's area
//     [c*w/Cols, (c+1)*w/Cols) x [r*h/Rows, (r+1)*h/Rows).
//   - A window is mu x mu blocks seen by the classifier at once.
//   - A tile is the grid of one crop of a large picture; its Row and Col say
//     where it lies in the picture's grid.
//
// Everything is row-major, rows count downwards and columns to the right.
// The package compiles to WebAssembly and imports nothing but the standard
// library's smallest parts.
package block
