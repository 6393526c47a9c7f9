package web

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// A picture whose stored bytes are not those of its name any more is not sent as what it was; sent again, it is mended.
func TestADamagedPictureIsNotServed(t *testing.T) {
	b := newBench(t, Config{})
	at := b.create("p")
	one, p := b.dropOne(at, "a.png", flat(9, 30, 20))
	if resp, _ := b.ask("GET", one+"/image", "", nil, nil, nil); resp.StatusCode != 200 || resp.Header.Get("ETag") == "" {
		t.Fatalf("whole: %v", resp.Header)
	}
	path := filepath.Join(b.config.Workshop.Spool, "files", p.SHA256[:2], p.SHA256)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var f struct{ Error fault }
	resp, _ := b.ask("GET", one+"/image", "", nil, nil, &f)
	if resp.StatusCode != http.StatusInternalServerError || f.Error.Code != codeDamaged || resp.Header.Get("ETag") != "" {
		t.Errorf("damaged: %d %+v %v", resp.StatusCode, f, resp.Header)
	}
}
