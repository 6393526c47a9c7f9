// Package loop closes the labelling loop: it makes detectors out of a project's
// pictures and labels, and says what to label next.
//
// Words:
//
//   - A job is one training run of a project. Its row in the store is its state;
//     its folder holds the plan, the checkpoint, the log. Jobs run one at a time,
//     in order of submission, and one that a stopped or killed server left
//     unended goes on from its checkpoint at the next start.
//   - A plan says which pictures, at which revision of their labels, a job learns
//     from and is measured on. It is made when the job starts and never changed,
//     so that labels drawn meanwhile do not disturb a run that goes on.
//   - A held-out picture is kept from training, to measure with: Picture.Held.
//     See Hold for which are held out where nobody said.
//   - A watcher is told of jobs as they go; see Update.
//
// What a model is measured by is package evaluation's. This package knows no
// socket and no database: it states what it needs of a store, and main joins it.
package loop
