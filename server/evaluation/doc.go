// Package evaluation measures detectors: a project's on the project's own pictures (Judge), and any on the test images
// of a data set (Folder). Both count in one Tally.
//
// Words:
//
//   - Truth is which pixels of a picture are anomalous: of its ground-truth mask
//     where it has one, else of its labels. The granule says how finely it was
//     drawn: pixel, block or box. What a box holds counts as anomalous, so figures
//     on box truth are lower than the same maps reach on pixel truth.
//   - A map is a picture's calibrated block scores; its image score is the largest.
//   - A false alarm is a normal picture at or above the threshold, a miss a
//     defective one below it.
package evaluation
