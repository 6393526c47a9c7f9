// Package nets adds networks to a graph: the frozen backbones whose maps become
// hypercolumns, and the trainable classifiers of residuals.
//
// # Words
//
// A backbone is a convolutional network trained on ImageNet of which only the trunk
// is used, the part up to the last map that is taken. A stage is a run of layers at one
// resolution; its last map has so many channels and a stride, the number of input
// pixels from one cell to the next. Batch norm folds into the convolution before it:
// the frozen network is convolutions, activations and sums only.
//
// A residual is what a cell's feature differs by from its nearest neighbour in the
// memory bank. A classifier judges a window of mu x mu residuals, cell by cell; its token
// is what it knows of a cell on the way. Bagging slides windows over a map and
// averages what they say.
//
// A backbone's maps are [n, channels, rows, cols]; a classifier's windows [n, mu*mu, d], row
// by row. All numbers are float32.
package nets
