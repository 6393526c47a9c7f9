package archive

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"semirest/server/project"
)

type entry struct {
	name string
	data []byte
}

// entries are a zip's files, unpacked.
func entries(t testing.TB, zipped []byte) []entry {
	t.Helper()
	z := must[*zip.Reader](t)(zip.NewReader(bytes.NewReader(zipped), int64(len(zipped))))
	var out []entry
	for _, f := range z.File {
		r := must[io.ReadCloser](t)(f.Open())
		out = append(out, entry{f.Name, must[[]byte](t)(io.ReadAll(r))})
	}
	return out
}

func packed(t testing.TB, files []entry, method uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range files {
		w := must[io.Writer](t)(z.CreateHeader(&zip.FileHeader{Name: e.name, Method: method}))
		must[int](t)(w.Write(e.data))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// edited packs files with another project.json.
func edited(t testing.TB, files []entry, change func(m *manifest)) []byte {
	t.Helper()
	files = append([]entry(nil), files...)
	last := &files[len(files)-1]
	m := must[*manifest](t)(decodeManifest(last.data))
	change(m)
	last.data = must[[]byte](t)(m.encode())
	return packed(t, files, zip.Store)
}

func TestRefused(t *testing.T) {
	from, to := newStore(t), newStore(t)
	good := pack(t, from, newProject(t, from).ID)
	files := entries(t, good)
	with := func(more ...entry) []byte {
		return packed(t, append(append([]entry(nil), files...), more...), zip.Store)
	}
	zeros := make([]byte, 40<<20)
	list := string(files[len(files)-1].data)
	relisted := func(s string) []byte {
		return packed(t, append(append([]entry(nil), files[:len(files)-1]...), entry{listName, []byte(s)}), zip.Store)
	}
	sha := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
	edit := func(f func(m *manifest)) []byte { return edited(t, files, f) }

	for _, c := range []struct {
		what   string
		zipped []byte
		limits Limits
		want   error
	}{
		{"nothing", nil, Limits{}, ErrFormat},
		{"text", []byte(strings.Repeat("no zip ", 100)), Limits{}, ErrFormat},
		{"cut", good[:len(good)-1], Limits{}, ErrFormat},
		{"an empty zip", packed(t, nil, zip.Store), Limits{}, ErrFormat},

		{"a name that leads out", with(entry{"../evil", nil}), Limits{}, ErrFormat},
		{"a name that leads out below files", with(entry{"files/../../evil", nil}), Limits{}, ErrFormat},
		{"an absolute name", with(entry{"/etc/passwd", nil}), Limits{}, ErrFormat},
		{"a name of Windows", with(entry{`C:\evil`, nil}), Limits{}, ErrFormat},
		{"a name with backslashes", with(entry{`files\..\evil`, nil}), Limits{}, ErrFormat},
		{"a folder that leads out", with(entry{"../", nil}), Limits{}, ErrFormat},
		{"a name with a newline", with(entry{fileName(sha(nil)) + "\n", nil}), Limits{}, ErrFormat},
		{"another file", with(entry{"readme.txt", nil}), Limits{}, ErrFormat},
		{"a symbolic link", linked(t, files), Limits{}, ErrFormat},
		{"a name twice", with(files[0]), Limits{}, ErrFormat},
		{"project.json twice", with(files[len(files)-1]), Limits{}, ErrFormat},
		{"a file that is not named", with(entry{fileName(sha([]byte("x"))), []byte("x")}), Limits{}, ErrFormat},
		{"labels that are not named", with(entry{labelsName(1, 1), labels(1)}), Limits{}, ErrFormat},
		{"a file that is missing", packed(t, files[1:], zip.Store), Limits{}, ErrFormat},
		{"no project.json", packed(t, files[:len(files)-1], zip.Store), Limits{}, ErrFormat},
		{"other bytes", packed(t, append([]entry{{files[0].name, []byte("0ne")}}, files[1:]...), zip.Store), Limits{}, ErrFormat},
		{"a wrong checksum", flipped(good, []byte("one")), Limits{}, ErrFormat},

		{"too many entries", good, Limits{Entries: 3}, ErrLimit},
		{"too many bytes", good, Limits{Bytes: 1000}, ErrLimit},
		{"too large an entry", good, Limits{Entry: 100}, ErrLimit},
		{"a bomb", packed(t, []entry{{fileName(sha(zeros)), zeros}}, zip.Deflate), Limits{}, ErrLimit},
		{"a bomb of labels", packed(t, []entry{{labelsName(1, 1), zeros}, {labelsName(1, 2), zeros}}, zip.Deflate), Limits{}, ErrLimit},
		{"a list of very many", packed(t, []entry{{listName, []byte(`{"pictures":[` + strings.Repeat("{},", 300_000) + "{}]}")}}, zip.Store), Limits{}, ErrLimit},
		{"a size that is a lie", understated(t, zeros), Limits{}, ErrFormat},
		{"entries on top of each other", overlapping(t, 50), Limits{}, ErrFormat},

		{"no JSON", relisted(list[1:]), Limits{}, ErrFormat},
		{"more than JSON", relisted(list + "{}"), Limits{}, ErrFormat},
		{"another format", relisted(strings.Replace(list, format, "other", 1)), Limits{}, ErrFormat},
		{"an unknown field", relisted(strings.Replace(list, `"held"`, `"hold"`, 1)), Limits{}, ErrFormat},
		{"a newer version", relisted(strings.Replace(list, `"version": 1`, `"version": 2, "more": 1`, 1)), Limits{}, ErrVersion},
		{"version 0", relisted(strings.Replace(list, `"version": 1`, `"version": 0`, 1)), Limits{}, ErrFormat},
		{"a file's size", edit(func(m *manifest) { m.Pictures[0].Bytes++ }), Limits{}, ErrFormat},
		{"a model's size", edit(func(m *manifest) { m.Models[0].Bytes = -1 }), Limits{}, ErrFormat},
		{"a file's name that leads out", edit(func(m *manifest) { m.Pictures[0].SHA256 = "../../evil" }), Limits{}, ErrFormat},
		{"labels' bytes", edit(func(m *manifest) { m.Pictures[1].Revisions[0].SHA256 = sha(nil) }), Limits{}, ErrFormat},
		{"a picture's name that leads out", edit(func(m *manifest) { m.Pictures[0].Name = "../a.png" }), Limits{}, project.ErrInvalid},
		{"a picture's name twice", edit(func(m *manifest) { m.Pictures[0].Name = m.Pictures[1].Name }), Limits{}, project.ErrExists},
		{"a picture's size", edit(func(m *manifest) { m.Pictures[0].Width = 1 << 20 }), Limits{}, project.ErrInvalid},
		{"labels of another size", edit(func(m *manifest) { m.Pictures[1].Width = 63 }), Limits{}, project.ErrInvalid},
		{"no author", edit(func(m *manifest) { m.Pictures[1].Revisions[0].Author = "" }), Limits{}, project.ErrInvalid},
		{"a save twice", edit(func(m *manifest) { m.Pictures[1].Revisions[0].SaveID = m.Pictures[1].Revisions[1].SaveID }), Limits{}, project.ErrExists},
		{"no such model", edit(func(m *manifest) { m.Deployed = 99 }), Limits{}, project.ErrInvalid},
		{"a negative model", edit(func(m *manifest) { m.Previous = -1 }), Limits{}, project.ErrInvalid},
		{"no such job", edit(func(m *manifest) { m.Models[0].Job = 99 }), Limits{}, project.ErrInvalid},
		{"a job with two models", edit(func(m *manifest) { m.Models[0].Job = m.Models[1].Job }), Limits{}, project.ErrExists},
		{"a job that runs", edit(func(m *manifest) { m.Jobs[0].State = project.Running }), Limits{}, project.ErrInvalid},
		{"a threshold", edit(func(m *manifest) { m.Models[0].Threshold = -1 }), Limits{}, project.ErrInvalid},
		{"a name", edit(func(m *manifest) { m.Name = "" }), Limits{}, project.ErrInvalid},
	} {
		_, err := unpack(to, c.zipped, c.limits)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.what, err, c.want)
		}
		if all := must[[]project.Project](t)(to.Projects(t.Context())); len(all) != 0 {
			t.Fatalf("%s: left a project", c.what)
		}
	}
	if _, err := unpack(to, good, Limits{}); err != nil {
		t.Errorf("the file that all these were made from: %v", err)
	}
}

func linked(t *testing.T, files []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: files[0].name}
	h.SetMode(fs.ModeSymlink | 0o777)
	w := must[io.Writer](t)(z.CreateHeader(h))
	must[int](t)(w.Write([]byte("/etc/passwd")))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// flipped changes a bit where what is found first.
func flipped(zipped, what []byte) []byte {
	b := bytes.Clone(zipped)
	b[bytes.Index(b, what)] ^= 1
	return b
}

// understated is a bomb whose directory says that it unpacks to a byte.
func understated(t *testing.T, zeros []byte) []byte {
	t.Helper()
	b := packed(t, []entry{{listName, zeros}}, zip.Deflate)
	directory := bytes.LastIndex(b, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(b[directory+24:], 1)
	return b
}

// overlapping is a zip whose n entries are one entry's bytes.
func overlapping(t *testing.T, n int) []byte {
	t.Helper()
	kernel := bytes.Repeat([]byte{0}, 1<<20)
	one := packed(t, []entry{{labelsName(1, 1), kernel}}, zip.Deflate)
	at := bytes.LastIndex(one, []byte("PK\x01\x02"))
	end := bytes.LastIndex(one, []byte("PK\x05\x06"))
	out := bytes.Clone(one[:at])
	for i := range n {
		name := []byte(labelsName(1, i+1))
		out = append(out, bytes.Replace(one[at:end], []byte(labelsName(1, 1)), name, 1)...)
	}
	tail := bytes.Clone(one[end:])
	binary.LittleEndian.PutUint16(tail[8:], uint16(n))
	binary.LittleEndian.PutUint16(tail[10:], uint16(n))
	binary.LittleEndian.PutUint32(tail[12:], uint32(len(out)-at))
	return append(out, tail...)
}
