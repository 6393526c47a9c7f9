package store

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// noTmpfs is the child's exit code where no small disk can be had.
const noTmpfs = 77

func init() { mountSmallDisk = mountTmpfs }

func mountTmpfs(dir string) {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m,mode=700"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(noTmpfs)
	}
}

// A real disk of 3 MB fills up, within a mount namespace of a child's own.
func TestFullDisk(t *testing.T) {
	dir := folder(t)
	cmd := child(t.Context(), "fill", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.Output()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() == noTmpfs {
		t.Skipf("this machine gives no namespace to mount a small disk in: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", out)
}
