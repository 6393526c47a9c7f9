package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"semirest/server/dataset"
	"semirest/server/picture"
)

// looks is the pause between two looks at a folder. Folders are looked at, not listened to: those that other machines
// write into, over SMB or NFS, tell nobody.
const looks = 300 * time.Millisecond

// folder gives each file once, in the order of their names within a look. A file is whole when two looks find it with the
// same size and time.
type folder struct {
	dir    string
	seen   Seen
	stamps map[string]stamp // as the last look found them
	given  map[string]stamp // those that need not be asked for any more
	ready  []string
}

type stamp struct {
	size int64
	time int64 // ns
}

func (s stamp) mark(name string) string { return fmt.Sprintf("%s %d %d", name, s.size, s.time) }

func openFolder(dir string, seen Seen) *folder {
	return &folder{dir: dir, seen: seen, stamps: map[string]stamp{}, given: map[string]stamp{}}
}

// Next implements feed.
func (f *folder) Next(ctx context.Context) (Frame, error) {
	for {
		for len(f.ready) > 0 {
			name := f.ready[0]
			f.ready = f.ready[1:]
			frame, ok, err := f.take(ctx, name)
			if err != nil || ok {
				return frame, err
			}
		}
		if err := f.look(ctx); err != nil {
			return Frame{}, err
		}
		if len(f.ready) > 0 {
			continue
		}
		select {
		case <-time.After(looks):
		case <-ctx.Done():
			return Frame{}, ctx.Err()
		}
	}
}

// look finds the files that are whole and were not given yet.
func (f *folder) look(ctx context.Context) error {
	now := make(map[string]stamp, len(f.stamps))
	err := filepath.WalkDir(f.dir, func(at string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && at != f.dir:
			return nil // gone since its folder was read
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !d.Type().IsRegular() || !dataset.IsImage(d.Name()):
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(f.dir, at)
		name = filepath.ToSlash(name)
		s := stamp{info.Size(), info.ModTime().UnixNano()}
		now[name] = s
		if f.given[name] != s && f.stamps[name] == s {
			f.ready = append(f.ready, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for name := range f.given { // what is gone need not be remembered
		if _, there := now[name]; !there {
			delete(f.given, name)
		}
	}
	f.stamps = now
	return nil
}

// take reads a file, unless it was taken before.
func (f *folder) take(ctx context.Context, name string) (Frame, bool, error) {
	s := f.stamps[name]
	mark := s.mark(name)
	if done, err := f.seen(ctx, mark); err != nil || done {
		f.given[name] = s
		return Frame{}, false, err
	}
	data, err := picture.ReadFile(filepath.Join(f.dir, filepath.FromSlash(name)))
	if errors.Is(err, os.ErrNotExist) {
		return Frame{}, false, nil // taken away before anybody looked
	}
	if err != nil && !errors.Is(err, picture.ErrBytes) { // too large a file is unreadable for good: its empty data say so
		return Frame{}, false, err
	}
	f.given[name] = s
	return Frame{Name: name, Data: data, Time: time.Now(), Mark: mark}, true, nil
}

// Close implements feed.
func (f *folder) Close() error { return nil }
