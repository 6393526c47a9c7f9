// Package line watches sources, has a detector score what they give, keeps every verdict, and tells sinks of it.
//
// What it promises:
//
//   - A frame is recorded with its verdict, its picture and the turn of every sink in one transaction (package journal),
//     before the next of its source is taken. A process killed at any moment goes on where it was: a folder's file is scored
//     once, whatever happens; a live stream goes on with what is live then.
//   - Every sink is told of every verdict, in the order they were recorded, each at its own pace. One that is down is tried
//     again after growing pauses and loses nothing up to its limit on the disk; beyond it the oldest go, and are counted.
//   - A verdict that a sink is told of more than [LateAfter] after its picture was taken in says that it is late.
//   - A picture that cannot be read is told of, too: as an error, without a score.
package line
