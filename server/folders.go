package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"semirest/server/store"
)

// storeOptions are the flags that say where projects are kept.
type storeOptions struct {
	projects string // folder
	database string // URL or path; "": in the folder
	files    string // URL or folder; "": in the folder
}

func storeFlags(f *pflag.FlagSet, o *storeOptions) {
	f.StringVar(&o.projects, "projects", "", "folder of projects (default projects in the data folder)")
	f.StringVar(&o.database, "database", "", "database of projects, as a file or sqlite:///file (default semirest.db in the folder of projects)")
	f.StringVar(&o.files, "files", "", "where pictures and models are kept, as a folder or file:///folder (default files in the folder of projects)")
}

// openStore opens the store that the flags name. dir is the folder of projects, made where it was not there. dataDir is
// the value of the flag of that name.
func openStore(ctx context.Context, o storeOptions, data string) (s *store.Store, dir string, err error) {
	if dir = o.projects; dir == "" {
		if data, err = dataDir(data); err != nil {
			return nil, "", err
		}
		dir = filepath.Join(data, "projects")
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, "", fmt.Errorf("--projects %s: %w", o.projects, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", fmt.Errorf("--projects: %w", err)
	}
	if o.database == "" {
		o.database = filepath.Join(dir, "semirest.db")
	}
	if o.files == "" {
		o.files = filepath.Join(dir, "files")
	}
	s, err = store.Open(ctx, o.database, o.files)
	return s, dir, err
}

// dataDir is where the server keeps what it makes.
func dataDir(flag string) (string, error) {
	if flag != "" {
		return flag, nil
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
