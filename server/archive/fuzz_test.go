package archive

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"semirest/server/project"
)

// memory is a store of one project that believes everything.
type memory struct {
	blobs     map[string][]byte
	project   project.Snapshot
	revisions []project.Revision
}

type file struct{ *bytes.Reader }

func (file) Close() error { return nil }

func (m *memory) OpenBlob(_ context.Context, sha string) (io.ReadSeekCloser, error) {
	b, ok := m.blobs[sha]
	if !ok {
		return nil, project.ErrNotFound
	}
	return file{bytes.NewReader(b)}, nil
}

func (m *memory) PutBlob(_ context.Context, r io.Reader) (string, int64, error) {
	b, err := io.ReadAll(r)
	sha := fmt.Sprintf("%x", sha256.Sum256(b))
	m.blobs[sha] = b
	return sha, int64(len(b)), err
}

func (m *memory) Snapshot(_ context.Context, _ project.ID, use func(project.Snapshot) error) error {
	x := m.project
	x.Revisions = func(yield func(project.Revision, error) bool) {
		for _, r := range m.revisions {
			if !yield(r, nil) {
				return
			}
		}
	}
	return use(x)
}

func (m *memory) Restore(_ context.Context, x project.Snapshot) (project.Project, error) {
	m.project, m.revisions = x, nil
	for r, err := range x.Revisions {
		if err != nil {
			return project.Project{}, err
		}
		m.revisions = append(m.revisions, r)
	}
	return x.Project, nil
}

// check reads a file that may be anything: it is refused, or it is a project
// whose file, read again, gives the same file. It says which.
func check(t *testing.T, b []byte) bool {
	t.Helper()
	m := &memory{blobs: map[string][]byte{}}
	limits := Limits{Bytes: 1 << 20, Entry: 1 << 20, Entries: 100}
	p, err := unpack(m, b, limits)
	if err != nil {
		return false
	}
	once := pack(t, m, p.ID)
	q := must[project.Project](t)(unpack(m, once, limits))
	if twice := pack(t, m, q.ID); !bytes.Equal(once, twice) {
		t.Errorf("%d bytes became %d after a round trip", len(once), len(twice))
	}
	return true
}

func seeds(t testing.TB) [][]byte {
	t.Helper()
	good := golden(t)
	return [][]byte{
		good,
		packed(t, entries(t, good), zip.Deflate),
		edited(t, entries(t, good), func(m *manifest) { m.Settings = json.RawMessage("null") }),
	}
}

func FuzzRead(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b) })
}

// Bytes of a project file are changed, taken out and doubled, here and there.
func TestChangedBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	read := 0
	for _, seed := range seeds(t) {
		for range 700 {
			b := bytes.Clone(seed)
			for range 1 + rng.IntN(3) {
				// Half of them in the directory and project.json, at the end.
				from := 0
				if rng.IntN(2) == 0 {
					from = len(b) * 2 / 3
				}
				at := from + rng.IntN(len(b)-from)
				to := min(len(b), at+1+rng.IntN(8))
				switch rng.IntN(4) {
				case 0:
					b[at] ^= 1 << rng.IntN(8)
				case 1:
					b[at] = byte(rng.IntN(256))
				case 2:
					b = slices.Delete(b, at, to)
				case 3:
					b = slices.Insert(b, at, bytes.Clone(b[at:to])...)
				}
			}
			if check(t, b) {
				read++
			}
		}
	}
	t.Logf("%d of 2100 were read", read)
	if read == 0 {
		t.Error("none was read: the test tests little")
	}
}
