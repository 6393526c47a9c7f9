package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"semirest/server/account"
	"semirest/server/keep"
	"semirest/server/project"
)

func TestUserCommand(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "password.txt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		return succeed(t, append(append([]string{"user"}, args...), "--projects", dir)...)
	}
	wrong := func(code int, text string, args ...string) {
		t.Helper()
		fails(t, code, text, append(append([]string{"user"}, args...), "--projects", dir)...)
	}
	signsIn := func(name, password string) bool {
		t.Helper()
		s, _, err := keep.Folders{Projects: dir}.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		a, err := account.New(s, account.Options{Enabled: true})
		if err != nil {
			t.Fatal(err)
		}
		_, _, _, err = a.SignIn(t.Context(), name, password, "", "")
		return err == nil
	}

	write("correct horse battery\r\nsecond line\n")
	if out := run("add", "Anna", "--admin", "--password-file", file); !strings.Contains(out, "anna: admin") {
		t.Errorf("add printed %q", out)
	}
	run("add", "karl", "--password-file", file)
	if !signsIn("anna", "correct horse battery") {
		t.Error("the person cannot sign in with the file's first line")
	}
	wrong(exitFailure, "already", "add", "ANNA", "--password-file", file)
	wrong(exitUsage, "letters, digits", "add", "<script>", "--password-file", file)
	wrong(exitFailure, "no such file", "add", "otto", "--password-file", filepath.Join(dir, "none"))
	wrong(exitUsage, "accepts 1 arg", "add", "otto", "the password as an argument")
	write("short\n")
	wrong(exitFailure, "characters", "add", "otto", "--password-file", file)
	write("\nempty first line\n")
	wrong(exitFailure, "no password", "add", "otto", "--password-file", file)

	list := run("list")
	if lines := strings.Split(strings.TrimSpace(list), "\n"); len(lines) != 2 || !strings.HasPrefix(lines[0], "anna  admin") || !strings.HasPrefix(lines[1], "karl") {
		t.Errorf("list printed\n%s", list)
	}
	if out := run("list", "--json"); !strings.Contains(out, `"name": "karl"`) || strings.Contains(out, "argon2") {
		t.Errorf("list --json printed %s", out)
	}
	write("another password")
	run("passwd", "karl", "--password-file", file)
	if signsIn("karl", "correct horse battery") || !signsIn("karl", "another password") {
		t.Error("passwd did not change the password")
	}
	if out := run("block", "karl"); !strings.Contains(out, "blocked") || signsIn("karl", "another password") {
		t.Errorf("block printed %q", out)
	}
	if run("unblock", "karl"); !signsIn("karl", "another password") {
		t.Error("unblock did not let in again")
	}
	wrong(exitFailure, "only admin", "block", "anna")
	wrong(exitFailure, "user list", "block", "nobody")
	wrong(exitFailure, "user list", "passwd", "nobody", "--password-file", file)

	wrong(exitFailure, "only admin", "delete", "anna")
	if out := run("delete", "karl"); !strings.Contains(out, "karl: deleted") || signsIn("karl", "another password") {
		t.Errorf("delete printed %q", out)
	}
	wrong(exitFailure, "user list", "delete", "karl")

	s, _, err := keep.Folders{Projects: dir}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a, err := account.New(s, account.Options{})
	if err != nil {
		t.Fatal(err)
	}
	events, err := a.Events(t.Context(), project.EventFilter{})
	if err != nil || len(events) != 6 || events[0].Action != "delete user" || events[1].Action != "unblock user" || events[0].Object != "karl" || !strings.HasPrefix(events[0].User, "command line") {
		t.Errorf("the audit log: %v, %+v", err, events)
	}
}

// TestPasswordsComeFromAPipe: what is typed at a terminal cannot be tested without one; a pipe is read instead.
func TestPasswordsComeFromAPipe(t *testing.T) {
	for _, args := range [][]string{nil, {"--password-file", "-"}} {
		root, _ := newRootCmd()
		var out strings.Builder
		root.SetIn(strings.NewReader("from a pipe\n"))
		root.SetOut(&out)
		root.SetErr(&out)
		root.SetArgs(append([]string{"user", "add", "anna", "--projects", t.TempDir()}, args...))
		if err := root.ExecuteContext(t.Context()); err != nil || !strings.Contains(out.String(), "anna") {
			t.Errorf("%v: %v %s", args, err, out.String())
		}
	}
}
