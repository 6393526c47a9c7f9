package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"semirest/server/project"
	"semirest/shared/wire"
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
	for name, bad := range map[string][]byte{"nothing": {}, "no labels": []byte("hello"), "another size": boxes(t, 31, 20, 1), "cut short": first[:len(first)-1]} {
		if status := b.save(one, 2, "", bad, nil); status != 422 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status := b.save(one, 2, "", make([]byte, wire.MaxData+1), nil); status != 413 {
		t.Errorf("too much: %d", status)
	}
	if status := b.save(one, 2, "a b", second, nil); status != 400 {
		t.Errorf("a Save-Id with a space: %d", status)
	}
}

// watching opens a session that watches a project.
func (b *bench) watching(at string) *dialer {
	b.t.Helper()
	d := b.dial()
	d.send(wire.Watch{Request: 1, On: true, Project: at[strings.LastIndex(at, "/")+1:]})
	// Only an error answers; the next request's answer says that it was taken.
	d.send(wire.Open{Request: 2, Detector: "fake"})
	next[wire.Detector](d)
	return d
}

func TestLabelsOverTheSocket(t *testing.T) {
	b := newBench(t, Config{})
	at, elsewhere := b.create("p"), b.create("q")
	_, p := b.dropOne(at, "a.png", flat(100, 30, 20))
	mine, other, stranger := b.watching(at), b.watching(at), b.watching(elsewhere)
	of := string(p.Project)
	first, second := boxes(t, 30, 20, 1), boxes(t, 30, 20, 2)
	mine.send(wire.Labels{Request: 7, Project: of, Picture: string(p.ID), Data: first})
	saved, told := wire.Saved{}, false
	for range 2 { // notices and answers may pass each other
		switch m, err := mine.receive(); m := m.(type) {
		case wire.Saved:
			saved = m
		case wire.Changed:
			told = true
		default:
			t.Fatalf("%#v %v", m, err)
		}
	}
	if saved.Request != 7 || saved.Revision != 1 || saved.Picture != string(p.ID) || !told {
		t.Errorf("saved %+v, told %v", saved, told)
	}
	if c := next[wire.Changed](other); c.Subject != wire.SubjectLabels || c.Revision != 1 || c.Picture != string(p.ID) || c.Author != project.LocalName {
		t.Errorf("the other is told %+v", c)
	}
	other.send(wire.Labels{Request: 8, Project: of, Picture: string(p.ID), Data: second})
	if c := next[wire.Conflict](other); c.Request != 8 || c.Revision != 1 || !bytes.Equal(c.Data, first) || c.Author != project.LocalName {
		t.Errorf("conflict %+v", c)
	}
	other.send(wire.Labels{Request: 9, Base: 1, Project: of, Picture: string(p.ID), Data: second[:5]})
	other.wantError(9, wire.CodeBadMessage)
	other.send(wire.Labels{Request: 10, Base: 1, Project: elsewhere[len(elsewhere)-16:], Picture: string(p.ID), Data: second})
	other.wantError(10, wire.CodeNotFound)
	other.send(wire.Watch{Request: 11, On: true, Project: "../../etc"})
	other.wantError(11, wire.CodeNotFound)
	// Who does not watch it hears nothing: the next message is the answer to something else.
	stranger.send(wire.Open{Request: 3, Detector: "none"})
	stranger.wantError(3, wire.CodeNotFound)
	other.send(wire.Watch{Request: 12, Project: of})
	other.send(wire.Open{Request: 13, Detector: "fake"})
	next[wire.Detector](other)
	mine.send(wire.Labels{Request: 14, Base: 1, Project: of, Picture: string(p.ID), Data: second})
	other.send(wire.Open{Request: 15, Detector: "fake"})
	next[wire.Detector](other)
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
