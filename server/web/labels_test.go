package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"semirest/server/project"
)

// save puts labels and decodes the answer into out.
func (b *bench) save(one string, base int, id string, data []byte, out any) int {
	b.t.Helper()
	h := map[string]string{"If-Match": fmt.Sprintf("%q", fmt.Sprint(base))}
	if id != "" {
		h["Save-Id"] = id
	}
	resp, _ := b.ask("PUT", one+"/labels", "application/octet-stream", data, h, out)
	return resp.StatusCode
}

func TestLabelsAreSavedAndNeverOverwritten(t *testing.T) {
	b := newBench(t, Config{})
	one, _ := b.dropOne(b.create("p"), "a.png", flat(100, 30, 20))
	first, second := boxes(t, 30, 20, 1), boxes(t, 30, 20, 2)
	resp, _ := b.ask("GET", one+"/labels", "", nil, nil, nil)
	if resp.StatusCode != 204 || resp.Header.Get("Revision") != "0" {
		t.Errorf("nobody has labelled it: %d %q", resp.StatusCode, resp.Header.Get("Revision"))
	}
	var r revisionJSON
	if status := b.save(one, 0, "s1", first, &r); status != 200 || r.Revision != 1 || r.Boxes != 1 || r.Author != project.LocalName {
		t.Fatalf("%d %+v", status, r)
	}
	if status := b.save(one, 0, "s1", first, &r); status != 200 || r.Revision != 1 {
		t.Errorf("the same save again: %d %+v", status, r)
	}
	var c conflictJSON
	if status := b.save(one, 0, "s2", second, &c); status != 409 || c.Error.Code != codeConflict || c.Current.Revision != 1 {
		t.Errorf("an old base: %d %+v", status, c)
	}
	if held, err := base64.StdEncoding.DecodeString(c.Current.Data); err != nil || !bytes.Equal(held, first) {
		t.Errorf("the conflict holds %x (%v), want %x", held, err, first)
	}
	if status := b.save(one, 1, "", second, &r); status != 200 || r.Revision != 2 {
		t.Errorf("%d %+v", status, r)
	}
	if status := b.save(one, 1, "", second, &r); status != 200 || r.Revision != 2 {
		t.Errorf("the same again, without a name: %d %+v", status, r)
	}
	resp, got := b.ask("GET", one+"/labels", "", nil, nil, nil)
	if !bytes.Equal(got, second) || resp.Header.Get("ETag") != `"2"` || resp.Header.Get("Label-Author") != project.LocalName {
		t.Errorf("%x, headers %v", got, resp.Header)
	}
	if _, old := b.ask("GET", one+"/labels/1", "", nil, nil, nil); !bytes.Equal(old, first) {
		t.Errorf("revision 1 is %x", old)
	}
	var history struct{ Revisions []revisionJSON }
	b.want(200, "GET", one+"/labels/history", "", nil, &history)
	if len(history.Revisions) != 2 || history.Revisions[0].Revision != 2 || history.Revisions[1].Base != 0 {
		t.Errorf("history %+v", history)
	}
	for name, bad := range map[string]struct {
		id, says string
		data     []byte
	}{
		"nothing":        {"", "byte 0: these are no labels", nil},
		"no labels":      {"", "byte 0: these are no labels", []byte("hello")},
		"another size":   {"", "a picture of 31x20 pixels", boxes(t, 31, 20, 1)},
		"cut short":      {"", "damaged at byte", first[:len(first)-1]},
		"a newer page":   {"", "newer version", append([]byte("SRL\xff"), first[4:]...)},
		"another's name": {"s1", `saved under the name "s1" with other labels`, second},
	} {
		var f struct{ Error fault }
		status := b.save(one, 2, bad.id, bad.data, &f)
		if status != 422 || f.Error.Code != codeBadLabels || !strings.Contains(f.Error.Message, bad.says) || strings.Contains(f.Error.Message, "annot") {
			t.Errorf("%s: %d %+v, want %q", name, status, f.Error, bad.says)
		}
	}
	if status := b.save(one, 2, "", make([]byte, maxLabels+1), nil); status != 413 {
		t.Errorf("too much: %d", status)
	}
	if status := b.save(one, 2, "a b", second, nil); status != 400 {
		t.Errorf("a Save-Id with a space: %d", status)
	}
}

// TestTwoPeopleOnOnePicture has many saves on one base: one is taken, the others are told, and none is lost.
func TestTwoPeopleOnOnePicture(t *testing.T) {
	b := newBench(t, Config{})
	one, p := b.dropOne(b.create("p"), "a.png", flat(100, 30, 20))
	var all sync.WaitGroup
	status := make([]int, 8)
	for i := range status {
		all.Go(func() { status[i] = b.save(one, 0, fmt.Sprint("save", i), boxes(t, 30, 20, i+1), nil) })
	}
	all.Wait()
	taken := 0
	for i, s := range status {
		switch s {
		case 200:
			taken++
			if r, err := b.kept.Labels(t.Context(), p.ID); err != nil || !bytes.Equal(r.Data, boxes(t, 30, 20, i+1)) {
				t.Errorf("%v: what was acknowledged is not what is there", err)
			}
		case 409:
		default:
			t.Errorf("save %d: %d", i, s)
		}
	}
	if taken != 1 {
		t.Errorf("%d of %d saves were taken", taken, len(status))
	}
}
