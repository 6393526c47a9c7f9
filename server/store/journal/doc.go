// Package journal keeps what a line has seen and whom it has still to tell: one SQLite file, line.db, and the pictures
// beside it.
//
// What it promises:
//
//   - [Journal.Record] returns once a verdict, its picture, the frame's mark and the turn of every sink are on the disk, in
//     one transaction. A process killed at any moment has recorded a frame wholly or not at all.
//   - A verdict waits for each sink until [Journal.Told] says that it has been told. Up to the sink's limit nothing is left
//     out; beyond it the oldest go first, and how many did is counted.
//   - A mark is remembered for as long as the journal is there, so that a folder's file is taken once whatever happens.
//
// It is a file of its own, and not among the projects: a line writes ten times a second, what it wrote may be thrown away
// after some days, and a line without projects has one too.
package journal
