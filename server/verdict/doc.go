// Package verdict says what was found in a picture, scores picture files and writes verdicts down: a JSON file and two
// pictures each, and one table of all, which is the page's.
//
// Scores are calibrated: 1.0 is the detector's threshold.
package verdict
