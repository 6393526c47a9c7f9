// Package heat turns block scores into what people look at and what is
// measured: a map with one value a pixel, its colours over the picture, and
// its contours.
//
// The map is METHOD section 5's: the block scores are brought to the picture's
// size bilinearly (half-pixel centres, edges clamped) and smoothed by a
// Gaussian, sigma 4, cut off at 4 sigma, with reflecting edges. Both steps are
// linear and work on rows and columns apart, so they are composed once into
// one small matrix an axis, and the map is A S B^T: a few milliseconds where
// the two steps cost hundreds. Evaluation measures this very map, so what is
// measured is what is seen.
//
// Words:
//
//   - A map holds float32 values [h, w], row-major, in the scores' unit; in
//     the product scores are calibrated, 1.0 being the detector's threshold.
//   - A field is a map in bytes, for display: 0 stands for the score lo, 255
//     for hi, clamped beyond. It is kept while sliders move, so that only the
//     table look-up runs again.
//   - A table gives each of a field's 256 values its colour and opacity.
package heat
