// Package keep is what people do with projects from the command line: list, export, import
// and delete them, and copy all that a server keeps to another place and back.
//
// It works on the store itself, also while a server does: SQLite lets several processes
// read and write, and files are named by their content and never changed. Only what the
// server holds in memory, its jobs and what it shows, needs it to be stopped: deleting.
package keep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"semirest/server/store"
)

// ErrUsage marks errors about how a command was called.
var ErrUsage = errors.New("wrong usage")

// usage is an error that is ErrUsage and says something better.
type usage struct{ error }

// Is implements errors.Is.
func (usage) Is(target error) bool { return target == ErrUsage }

func (u usage) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

// Folders are the flags that say where a server keeps what it makes.
type Folders struct {
	DataDir  string // "": the user's own
	Projects string // folder; "": in the data folder
	Database string // URL or path; "": in the folder of projects
	Files    string // URL or folder; "": in the folder of projects
}

// Flags adds the flags.
func (o *Folders) Flags(f *pflag.FlagSet) {
	f.StringVar(&o.DataDir, "data-dir", "", "folder for what the server keeps (default $XDG_DATA_HOME/semirest or ~/.local/share/semirest)")
	f.StringVar(&o.Projects, "projects", "", "folder of projects (default projects in the data folder)")
	f.StringVar(&o.Database, "database", "", "database of projects, as a file or sqlite:///file (default semirest.db in the folder of projects)")
	f.StringVar(&o.Files, "files", "", "where pictures and models are kept, as a folder or file:///folder (default files in the folder of projects)")
}

// Open opens the store. dir is the folder of projects, made where it was not there.
func (o Folders) Open(ctx context.Context) (s *store.Store, dir string, err error) {
	if dir, err = o.dir(); err != nil {
		return nil, "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", fmt.Errorf("--projects: %w", err)
	}
	if o.Database == "" {
		o.Database = filepath.Join(dir, databaseName)
	}
	if o.Files == "" {
		o.Files = filepath.Join(dir, filesName)
	}
	s, err = store.Open(ctx, o.Database, o.Files)
	return s, dir, err
}

// OpenExisting opens a store that must be there: a misspelt folder would become an empty one.
func (o Folders) OpenExisting(ctx context.Context) (*store.Store, string, error) {
	if o.Projects != "" {
		if _, err := os.Stat(o.Projects); err != nil {
			return nil, "", usagef("--projects: %w", err)
		}
	}
	return o.Open(ctx)
}

// dir is the folder of projects.
func (o Folders) dir() (string, error) {
	if o.Projects == "" {
		data, err := o.Data()
		if err != nil {
			return "", err
		}
		o.Projects = filepath.Join(data, "projects")
	}
	dir, err := filepath.Abs(o.Projects)
	if err != nil {
		return "", fmt.Errorf("--projects %s: %w", o.Projects, err)
	}
	return dir, nil
}

// Data is the folder for what the server makes.
func (o Folders) Data() (string, error) {
	if o.DataDir != "" {
		return o.DataDir, nil
	}
	if base := os.Getenv("XDG_DATA_HOME"); base != "" {
		return filepath.Join(base, "semirest"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no home folder to keep data in (%w); name one with --data-dir", err)
	}
	return filepath.Join(home, ".local", "share", "semirest"), nil
}
