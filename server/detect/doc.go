// Package detect is the detector: from the bytes of pixels to one score a block.
//
// Words, as METHOD uses them:
//
//   - A hypercolumn is what the frozen backbone says of one 8x8-pixel block: its
//     maps, averaged over 3x3 cells, brought to the finest map's grid, put together.
//   - A feature, or PCF, is the hypercolumn plus the position code of its cell,
//     d numbers.
//   - The bank is a coreset of the features of normal images, [rows, d]; each row
//     keeps the id of its image, an index into Spec.Images.
//   - A residual is signed: nearest bank row minus feature.
//   - A head turns residuals into raw block scores. The distance head gives the
//     residual's length; a trained classifier takes its place.
//   - The raw score is what the graph gives. The calibrated one is the raw score
//     divided by the threshold, so that 1.0 is the threshold; surfaces show it.
//
// Fit makes a Model from normal pictures; Model.Save and Load keep it in one
// file; Model.Graph writes it as one ONNX graph; a Scorer runs that. Extractor
// and Searcher give the trainer features and neighbours.
package detect
