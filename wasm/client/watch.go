package client

import "semirest/shared/wire"

// watching is the part of a Session that concerns one project's notices: they
// come as long as the page shows something of the project.
type watching struct {
	project string // "" for none
	asking  uint32 // request of the latest Watch; only an Error answers it
}

// Watch subscribes to a project's notices in place of another's, "" to none.
// Every new connection is asked for them again. What was missed in between is
// not made up for: a Listener fetches anew when the link is open again.
func (s *Session) Watch(project string) {
	if project == s.project {
		return
	}
	if s.project != "" && s.state == LinkOpen {
		s.post(wire.Watch{Request: s.newRequest(), Project: s.project}.Append(nil))
	}
	s.project, s.asking = project, 0
	if s.state == LinkOpen {
		s.watchAgain()
	}
}

func (s *Session) watchAgain() {
	if s.project != "" {
		s.asking = s.newRequest()
		s.post(wire.Watch{Request: s.asking, On: true, Project: s.project}.Append(nil))
	}
}
