package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"

	"semirest/server/project"
	"semirest/shared/durable"
)

// Blobs lie at "ab/abcdef...": the SHA-256 of their bytes in hex, in folders by
// its first byte. What lies there under its name is whole: it is written under
// another, synced, and renamed.

// openFiles opens the bucket of the blobs; dir is its folder where it is one.
func openFiles(ctx context.Context, files string) (b *blob.Bucket, dir string, err error) {
	scheme, rest, found := strings.Cut(files, "://")
	switch {
	case files == "":
		return nil, "", errors.New("store: no folder for files is named")
	case !found:
		dir = files
	case scheme == fileblob.Scheme:
		if dir, err = url.PathUnescape(rest); err != nil || !filepath.IsAbs(dir) {
			return nil, "", fmt.Errorf("store: %q is no folder: write file:///path with three slashes", files)
		}
	default:
		b, err := blob.OpenBucket(ctx, files)
		if err != nil {
			return nil, "", fmt.Errorf("store: open the files at %s: %w", files, err)
		}
		return b, "", nil
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, "", fmt.Errorf("store: open the files: %w", err)
	}
	b, err = fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir:   true,
		DirFileMode: 0o700,
		NoTempDir:   true, // a rename within one folder; elsewhere may be another disk
		Metadata:    fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, "", fmt.Errorf("store: open the folder of files: %w", full(err))
	}
	return b, dir, nil
}

// blobKey is where the blob of this SHA-256 lies; ok is false for what is none.
func blobKey(sha string) (key string, ok bool) {
	if len(sha) != 2*sha256.Size || strings.Trim(sha, "0123456789abcdef") != "" {
		return "", false
	}
	return sha[:2] + "/" + sha, true
}

// PutBlob stores bytes and returns their SHA-256 in hex and their number. When
// it returns, they are on the disk. Storing the same bytes again keeps one copy,
// and mends a damaged one. Until a row names the blob it is kept for Retention.
// It returns project.ErrFull, an error of r, or of the disk.
func (s *Store) PutBlob(ctx context.Context, r io.Reader) (sha string, n int64, err error) {
	sp, err := s.newSpool(ctx, r)
	if err != nil {
		return "", 0, err
	}
	defer sp.Close()
	return sp.sha, sp.n, s.spare(ctx, sp)
}

func (s *Store) putSpool(ctx context.Context, sp *spool) error {
	key, _ := blobKey(sp.sha)
	if s.intact(ctx, key, sp) {
		return nil
	}
	if err := s.hasReserve(sp.n); err != nil {
		return blobFault("store", sp.sha, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var local *os.File
	w, err := s.files.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType: "application/octet-stream",
		BeforeWrite: func(as func(any) bool) error {
			as(&local)
			return nil
		},
	})
	if err != nil {
		return blobFault("store", sp.sha, err)
	}
	content, err := sp.open()
	if err == nil {
		_, err = io.Copy(w, content)
	}
	// The rename must not reach the disk before what it names.
	if err == nil && local != nil {
		err = local.Sync()
	}
	if err != nil {
		cancel() // Close then gives up what was written
	}
	if closed := w.Close(); err == nil {
		err = closed
	}
	if err == nil && s.dir != "" {
		err = errors.Join(syncFolder(filepath.Join(s.dir, sp.sha[:2])), syncFolder(s.dir))
	}
	if err != nil {
		return blobFault("store", sp.sha, err)
	}
	return nil
}

// intact says whether the spooled bytes are stored already. It reads them: a
// file that a failing disk damaged is written again.
func (s *Store) intact(ctx context.Context, key string, sp *spool) bool {
	r, err := s.files.NewReader(ctx, key, nil)
	if err != nil {
		return false
	}
	defer r.Close()
	if r.Size() != sp.n {
		return false
	}
	h := sha256.New()
	_, err = io.Copy(h, r)
	return err == nil && hex.EncodeToString(h.Sum(nil)) == sp.sha
}

// OpenBlob opens stored bytes; project.ErrNotFound where there are none of this
// SHA-256. The caller closes the reader.
func (s *Store) OpenBlob(ctx context.Context, sha string) (io.ReadSeekCloser, error) {
	key, ok := blobKey(sha)
	if !ok {
		return nil, fmt.Errorf("store: open file %.80q: %w", sha, project.ErrNotFound)
	}
	r, err := s.files.NewReader(ctx, key, nil)
	if err != nil {
		return nil, blobFault("open", sha, err)
	}
	return r, nil
}

// SaveBlob writes stored bytes to a file, whole and synced or not at all. Bytes
// that are not those of their name any more are an error.
func (s *Store) SaveBlob(ctx context.Context, sha, path string) error {
	r, err := s.OpenBlob(ctx, sha)
	if err != nil {
		return err
	}
	defer r.Close()
	err = durable.Replace(path, func(w io.Writer) error {
		h := sha256.New()
		if _, err := io.Copy(io.MultiWriter(w, h), r); err != nil {
			return err
		}
		if hex.EncodeToString(h.Sum(nil)) != sha {
			return errors.New("it is damaged: bring in the file that it was again")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: copy file %s: %w", sha, full(err))
	}
	return nil
}

func blobFault(what, sha string, err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound {
		return fmt.Errorf("store: %s file %s: %w", what, sha, project.ErrNotFound)
	}
	return fmt.Errorf("store: %s file %s: %w", what, sha, full(err))
}

// full adds project.ErrFull to the errors of a disk or quota without space.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", project.ErrFull, err)
	}
	return err
}

// syncFolder makes the names in a folder last.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
