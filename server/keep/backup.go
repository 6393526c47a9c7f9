package keep

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"semirest/server/store"
	"semirest/shared/durable"
)

// A backup is a folder, or one zip, of:
//
//	backup.json          what it is, and the SHA-256 of the database
//	semirest.db          the database, as it was at one moment
//	files/ab/abcdef...   every file that it names, called by its SHA-256
//
// which is the layout of a folder of projects. Files are stored before a row names them and
// outlive the rows by days, so that all are found whatever happens meanwhile.
const (
	databaseName = "semirest.db"
	filesName    = "files"
	manifestName = "backup.json"
	format       = 1
)

// manifest is backup.json.
type manifest struct {
	Format   int       `json:"semirest_backup"`
	Program  string    `json:"program"` // version that made it
	Made     time.Time `json:"made"`
	Database string    `json:"database_sha256"`
	Files    int       `json:"files"`
	Damaged  []string  `json:"damaged"` // files that could not be read, by SHA-256
}

// shelf is where a backup is put.
type shelf interface {
	// has says whether a file is there already, whole.
	has(name string) bool
	// put writes a file, whole or not at all.
	put(name string, write func(io.Writer) error) error
}

// Backup copies a store to a folder, or to a zip where the name ends so. In a folder that
// holds a backup already, only files that are new are copied, and those that the database
// names no more are deleted at the end. Files that are damaged in the store are left out and
// counted: the rest is worth having.
func Backup(ctx context.Context, s *store.Store, to, version string, progress func(done, total int)) (manifest, error) {
	zipped := strings.EqualFold(filepath.Ext(to), ".zip")
	if err := free(to, zipped); err != nil {
		return manifest{}, err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return manifest{}, err
	}
	work, err := os.MkdirTemp(filepath.Dir(to), ".semirest-backup-*")
	if err != nil {
		return manifest{}, err
	}
	defer os.RemoveAll(work)
	database := filepath.Join(work, databaseName)
	blobs, err := s.CopyTo(ctx, database)
	if err != nil {
		return manifest{}, err
	}
	m := manifest{Format: format, Program: version, Made: time.Now().UTC().Truncate(time.Second), Damaged: []string{}}
	if m.Database, err = sumOf(database); err != nil {
		return manifest{}, err
	}
	fill := func(on shelf) error {
		for i, sha := range blobs {
			if err := ctx.Err(); err != nil {
				return err
			}
			err := putBlob(ctx, s, on, sha)
			switch {
			case errors.Is(err, errDamaged):
				m.Damaged = append(m.Damaged, sha)
			case err != nil:
				return err
			default:
				m.Files++
			}
			progress(i+1, len(blobs))
		}
		err := on.put(databaseName, func(w io.Writer) error { return copyFile(w, database) })
		if err != nil {
			return err
		}
		return on.put(manifestName, func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(m)
		})
	}
	if zipped {
		return m, private(to, func(w io.Writer) error {
			z := zip.NewWriter(w)
			return errors.Join(fill(inZip{z}), z.Close())
		})
	}
	if err := fill(inFolder(to)); err != nil {
		return m, err
	}
	return m, inFolder(to).forget(blobs)
}

// free says whether a backup may be written to a place: never over something else.
func free(to string, zipped bool) error {
	info, err := os.Stat(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case zipped:
		return usagef("%s is there already: give another name", to)
	case !info.IsDir():
		return usagef("%s is a file: name a folder, or a file that ends in .zip", to)
	}
	entries, err := os.ReadDir(to)
	if err != nil || len(entries) == 0 {
		return err
	}
	if _, err := readManifest(os.DirFS(to)); err != nil {
		return usagef("%s holds something else than a backup: name an empty folder, or one that is not there", to)
	}
	return nil
}

// errDamaged: a file of the store is not there, or not what it was.
var errDamaged = errors.New("damaged")

// putBlob copies a file of the store, and holds it against its name.
func putBlob(ctx context.Context, s *store.Store, on shelf, sha string) error {
	name, err := blobName(sha)
	if err != nil || on.has(name) {
		return err
	}
	// It is read through once before: what has begun in a zip cannot be taken back.
	if got, err := sumBlob(ctx, s, sha, io.Discard); err != nil || got != sha {
		return errDamaged
	}
	return on.put(name, func(w io.Writer) error {
		got, err := sumBlob(ctx, s, sha, w)
		if err == nil && got != sha {
			err = errDamaged
		}
		return err
	})
}

func sumBlob(ctx context.Context, s *store.Store, sha string, w io.Writer) (string, error) {
	r, err := s.OpenBlob(ctx, sha)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(h, w), r)
	return hex.EncodeToString(h.Sum(nil)), err
}

func sumOf(path string) (string, error) {
	h := sha256.New()
	err := copyFile(h, path)
	return hex.EncodeToString(h.Sum(nil)), err
}

func copyFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// blobName is a file's place in a backup.
func blobName(sha string) (string, error) {
	path, ok := store.BlobPath(sha)
	if !ok {
		return "", fmt.Errorf("%.80q is no SHA-256", sha)
	}
	return filesName + "/" + path, nil
}

// inZip is the shelf of one file. What it holds shrinks little, but for the database.
type inZip struct{ *zip.Writer }

func (inZip) has(string) bool { return false }

func (z inZip) put(name string, write func(io.Writer) error) error {
	h := &zip.FileHeader{Name: name, Method: zip.Store, Modified: time.Now()}
	if name == databaseName {
		h.Method = zip.Deflate
	}
	w, err := z.CreateHeader(h)
	if err != nil {
		return err
	}
	return write(w)
}

// inFolder is the shelf of a folder.
type inFolder string

func (dir inFolder) path(name string) string {
	return filepath.Join(string(dir), filepath.FromSlash(name))
}

func (dir inFolder) has(name string) bool {
	_, err := os.Stat(dir.path(name)) // whole or not there, and called by its content
	return err == nil
}

func (dir inFolder) put(name string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(dir.path(name)), 0o700); err != nil {
		return err
	}
	return private(dir.path(name), write)
}

// private writes a file that only its owner reads: the database holds hashes of passwords.
func private(path string, write func(io.Writer) error) error {
	if err := durable.Replace(path, write); err != nil {
		return err
	}
	return os.Chmod(path, 0o600)
}

// forget deletes the files that are none of these.
func (dir inFolder) forget(blobs []string) error {
	keep := map[string]bool{}
	for _, sha := range blobs {
		keep[sha] = true
	}
	return filepath.WalkDir(dir.path(filesName), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if _, ok := store.BlobPath(filepath.Base(path)); err == nil && ok && !d.IsDir() && !keep[d.Name()] {
			err = os.Remove(path)
		}
		return err
	})
}

// readManifest says what a backup is.
func readManifest(from fs.FS) (manifest, error) {
	var m manifest
	text, err := fs.ReadFile(from, manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return m, errors.New("it is no backup of semirest: there is no " + manifestName + " in it")
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err == nil && m.Format != format {
		err = fmt.Errorf("it was made by another version of this program (%s): restore it with that one", m.Program)
	}
	return m, err
}
