package archive

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"semirest/server/project"
)

// Write writes the project, as it is at one moment, to w as a zip. Others may
// change it meanwhile. A file of it whose bytes are not those it was stored with
// is an error, so that damage is not handed on. It returns project.ErrNotFound,
// and errors of w and of the store; what was written to w is then no whole zip.
func Write(ctx context.Context, w io.Writer, s Store, id project.ID) error {
	err := s.Snapshot(ctx, id, func(x project.Snapshot) error {
		return write(ctx, w, s, x)
	})
	if err != nil {
		return fmt.Errorf("archive: write the project: %w", err)
	}
	return nil
}

func write(ctx context.Context, w io.Writer, s Store, x project.Snapshot) error {
	m := describe(x)
	z := zip.NewWriter(w)
	written := make(map[string]bool)
	for _, sha := range m.files() {
		if written[sha] {
			continue
		}
		written[sha] = true
		if err := writeFile(ctx, z, s, sha); err != nil {
			return err
		}
	}
	at := make(map[project.ID]int, len(x.Pictures))
	for i, p := range x.Pictures {
		at[p.ID] = i
	}
	for r, err := range x.Revisions {
		if err != nil {
			return err
		}
		p := &m.Pictures[at[r.Picture]]
		sum := sha256.Sum256(r.Data)
		p.Revisions = append(p.Revisions, revision{
			SaveID: r.SaveID, Author: r.Author, Time: r.Time, SHA256: hex.EncodeToString(sum[:]),
		})
		if err := writeBytes(z, labelsName(at[r.Picture]+1, len(p.Revisions)), r.Data); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	list, err := m.encode()
	if err != nil {
		return err
	}
	if err := writeBytes(z, listName, list); err != nil {
		return err
	}
	return z.Close()
}

// files are the SHA-256 of all that lies under files/, in their order, some
// more than once.
func (m *manifest) files() []string {
	var out []string
	for _, p := range m.Pictures {
		out = append(out, p.SHA256)
	}
	for _, p := range m.Pictures {
		if p.Truth != "" {
			out = append(out, p.Truth)
		}
	}
	for _, v := range m.Models {
		out = append(out, v.SHA256)
	}
	return out
}

func fileName(sha string) string { return "files/" + sha }

func labelsName(picture, revision int) string {
	return fmt.Sprintf("labels/%06d/%06d", picture, revision)
}

func writeFile(ctx context.Context, z *zip.Writer, s Store, sha string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := s.OpenBlob(ctx, sha)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := z.CreateHeader(&zip.FileHeader{Name: fileName(sha), Method: zip.Store})
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, h), r); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != sha {
		return fmt.Errorf("the stored file %s is damaged: bring the picture or model in again", sha)
	}
	return nil
}

func writeBytes(z *zip.Writer, name string, b []byte) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}
