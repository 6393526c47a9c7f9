// Command manager plays systemd for the check of the Debian package, where none
// runs: it starts a service, waits until the service says that it is ready, as
// sd_notify(3) describes, stops it, and fails where any of that goes wrong.
//
//	manager COMMAND [ARGUMENT]...
package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// A service that is not ready, or does not stop, by then has failed.
const patience = time.Minute

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "manager: name a command")
		os.Exit(2)
	}
	if err := manage(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

func manage(command []string) (err error) {
	dir, err := os.MkdirTemp("", "manager-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer socket.Close()

	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+path)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		_ = socket.SetReadDeadline(time.Now().Add(time.Second)) // what it said at its end is still to be read
	}()

	start := time.Now()
	for _, state := range []string{"READY=1", "STOPPING=1"} {
		if err := await(socket, state); err != nil {
			_ = cmd.Process.Kill()
			return errors.Join(err, <-ended)
		}
		fmt.Printf("manager: %s after %v\n", state, time.Since(start).Round(time.Millisecond))
		if state == "READY=1" {
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				return err
			}
		}
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		return errors.New("the service does not stop")
	}
}

// await reads what the service says until it says state.
func await(socket *net.UnixConn, state string) error {
	if err := socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	b := make([]byte, 4096)
	for {
		n, err := socket.Read(b)
		if err != nil {
			return fmt.Errorf("waiting for %s: %w", state, err)
		}
		if string(b[:n]) == state {
			return nil
		}
	}
}
