// Package store keeps the projects of the labelling loop: rows in one SQLite
// file, and files (pictures, truth masks, models) as blobs named by the SHA-256
// of their bytes.
//
// What it promises:
//
//   - A call that writes returns nil only after its transaction is on the disk
//     (write-ahead log, synchronous=FULL). A process killed at any moment loses
//     nothing that was acknowledged, and leaves nothing half-written.
//   - A blob is written and synced before the row that names it; a row never
//     names a file that is not there. A blob that no row has named for
//     [Retention] is swept.
//   - A label revision is never changed or deleted but with its picture.
//   - A damaged database is refused at opening with the way back: a copy is kept
//     beside it, not older than a day while the store is open.
//   - Several goroutines and several processes may use one store at once.
//
// Errors: every method wraps project.ErrNotFound, ErrExists, ErrInvalid (the
// request cannot be right) or ErrFull (no space left; nothing was changed) where
// one of them is the reason, *project.ConflictError for labels, *DamagedError for
// a database that cannot be read; anything else is a fault of the machine. A
// canceled context is ctx.Err().
//
// Times are kept as milliseconds since 1970 in UTC. The statements are those that
// SQLite and PostgreSQL share; what only SQLite knows is in open.go and backup.go.
package store
