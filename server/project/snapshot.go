package project

import "iter"

// Snapshot is a whole project as it was at one moment. Ids in it need only be
// different from each other: whoever restores it gives new ones.
type Snapshot struct {
	Project  Project
	Pictures []Picture // in the order they were added; Labels need not be set
	Models   []Model   // oldest first
	Jobs     []Job     // ended ones, oldest first
	// Revisions are the label revisions of all pictures, with their Data: in the
	// order of Pictures, each picture's oldest first. They can be read once.
	Revisions iter.Seq2[Revision, error]
}
