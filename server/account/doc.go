// Package account knows who people are and what they may do.
//
// Words:
//
//   - A session is a person signed in with a browser: a random value in a cookie, of which only the SHA-256 is kept. It
//     ends when it was not used for a while, when it is old, when its owner signs out, changes the password or is
//     blocked. Every sign-in makes a new one and ends the one that the browser came with, so that a value planted in
//     a browser beforehand (session fixation) is worth nothing.
//   - A token lets a script act for a person. It is shown once, when it is made; its SHA-256 is kept. Values of 256
//     random bits need no slow hash: there is nothing to guess.
//   - A password is kept as an argon2id hash (RFC 9106) in the PHC string format, with its own salt and costs.
//   - A level is what a person may do in one project: package project's viewer, labeller and admin. An admin of the
//     whole instance may everything in every project.
//   - A bucket is a rate limit for one key, such as a name or an address.
//
// Without accounts (Options.Accounts false) there is one person, Local, who may everything. Package web makes sure that
// only requests from the machine itself are Local's.
//
// The package knows no sockets and no database: package main gives it a Store.
package account
