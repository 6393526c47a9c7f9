// Command clicks measures how well regions grow from clicks (shared/region), and learns the networks that they grow by.
//
//	go run ./server/clicks MODEL=DATA ...                  the mean IoU with the ground truth after each click
//	go run ./server/clicks --learn shared/region/stored.go --most 150 MODEL=DATA ...
//	                                                       learns from these, and measures nothing
//
// MODEL is a detector that has seen no test picture, for instance of train --supervision none; DATA is the folder of
// its pictures, with masks. Every defective test picture is clicked on by a person of one rule: each click is put at
// the most interior point of the largest region of error, where what is marked and the ground truth differ.
//
// What is stored was learnt from the two surfaces of semirest demo (--each 16, with the simulated defects of semirest
// simulate --count 30 in the recipes gaps, method and fine beside them, drawn on normal pictures that no bank saw) and
// from the cookies, with distance-only detectors of seed 1. All else, MVTec's bottles among it, was measured only.
package main
