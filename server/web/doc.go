// Package web is the server that the page and other programs talk to: a websocket for pixels, JSON for everything
// else, and the page itself.
//
// Words:
//
//   - A detector is one fitted model with a name. Several may be served; a session opens one by name, and Install
//     replaces one under the feet of the sessions that use it.
//   - A session is one websocket connection. It has one reading goroutine and one writing goroutine; the reader's end
//     ends the writer. The protocol is package wire's.
//   - A task is one crop on its way through the queue. Tasks of all sessions wait in one bounded queue that takes turns
//     between their owners; in a full queue the longest line is answered 'busy' at once instead of piling up pixels. A
//     runner takes tasks and gives them to the detector's Scorer, several of one detector in one run where batches pay.
//   - An owner is whom the server is fair to: a person, or where nobody signed in the address that they come from, however
//     many sockets and requests they have open. Uploads, imports, pictures to be decoded and connections are shared out
//     between owners, too.
//   - A caller is who sent a request or opened a session: a person with a cookie or a token, whoever is on this machine
//     where there are no accounts, or a guest. The table of access says what each route and each message needs; a server
//     with a route that the table does not know is not made.
//   - A workshop is what the routes and messages of projects are made of: where pictures, labels and models are kept, and
//     who trains. A project's deployed model is the detector "project/ID". Labels are acknowledged once they are on the
//     disk; saved on an old revision they are answered with what is there instead. Who watches a project is told of
//     changes, jobs and maps; see Notify.
//
// The package knows nothing of models or files. What it needs (a Scorer, a decoder of pictures, the gallery of the
// demonstration) it states as small interfaces and functions; package main fits them in.
package web
