// Package place says which picture a label is for, and what its file may be called.
//
// A label finds its picture by where both say that it lies, never by the bare file
// name alone while another picture could be meant.
//
//   - A place is a path that a file gives or a picture came with: names folded (in
//     small letters and composed, so that A.PNG, a.png and a decomposed ä are one),
//     without the folders that only tell pictures from labels.
//   - A trail is how many folders two places share, counted from the file upwards.
package place

import (
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"semirest/server/dataset"
)

// Place is a path, folded.
type Place struct {
	Folders    []string
	name, Stem string   // stem: without the ending of a picture
	Exact      string   // the file's name as it is written
	also       []string // other names of it
	bare       bool     // name is without its ending
}

// Of reads a path of either kind of separator. bare says that the file's name
// comes without its ending.
func Of(p string, bare bool) Place {
	p = strings.ReplaceAll(p, `\`, "/")
	exact := Base(p)
	w := Place{Exact: exact, name: Fold(exact), Stem: Fold(Bare(exact)), bare: bare || !dataset.IsImage(exact)}
	if bare {
		w.Stem = w.name
	}
	for _, f := range strings.Split(path.Dir(path.Clean("/"+p)), "/") {
		f = Fold(f)
		if f != "" && !neutral[f] && !strings.HasSuffix(f, ":") {
			w.Folders = append(w.Folders, f)
		}
	}
	return w
}

// Bare takes a picture's ending away, and nothing else: part.01 has none.
func Bare(name string) string {
	if dataset.IsImage(name) {
		return Stem(name)
	}
	return name
}

// Fold makes names equal that people take for the same.
func Fold(s string) string { return strings.ToLower(norm.NFC.String(s)) }

// neutral are the folders that tell pictures from labels.
var neutral = map[string]bool{
	"images": true, "labels": true, "masks": true, "mask": true, "jpegimages": true, "annotations": true, "ground_truth": true,
	"segmentationclass": true, "segmentationobject": true, "groundtruth": true, "gt": true, "image": true, "label": true, "img": true, "imgs": true,
}

// HeldFolder says whether a folder is one of pictures kept for evaluation, and
// setFolder whether it is of any such division.
func HeldFolder(name string) bool {
	switch strings.TrimRight(Fold(name), "0123456789") {
	case "val", "valid", "validation", "test", "testing":
		return true
	}
	return false
}

func setFolder(name string) bool {
	n := strings.TrimRight(Fold(name), "0123456789")
	return HeldFolder(name) || n == "train" || n == "training"
}

// Held says whether a path has a folder of pictures for evaluation.
func Held(p string) bool {
	return slices.ContainsFunc(strings.Split(path.Dir(p), "/"), HeldFolder)
}

func (w Place) Last(up int) string {
	if up >= len(w.Folders) {
		return ""
	}
	return w.Folders[len(w.Folders)-1-up]
}

// trail is how many folders two places share, from the file upwards.
func (w Place) trail(o Place) int {
	n := 0
	for w.Last(n) != "" && w.Last(n) == o.Last(n) {
		n++
	}
	return n
}

// Finder finds places of pictures.
type Finder struct {
	Places         []Place
	byName, byStem map[string][]int
	groups         map[string]bool // the folder that each lies in
}

func NewFinder() *Finder {
	return &Finder{byName: map[string][]int{}, byStem: map[string][]int{}, groups: map[string]bool{}}
}

// Add takes a picture's place, and other names that it may be called by.
func (x *Finder) Add(w Place, names ...string) {
	i := len(x.Places)
	w.also = names
	x.Places = append(x.Places, w)
	x.groups[w.Last(0)] = true
	seen := map[string]bool{}
	for _, n := range append([]string{w.Exact}, names...) {
		if f := Fold(n); !seen[f] {
			seen[f] = true
			x.byName[f] = append(x.byName[f], i)
		}
		if s := Fold(Bare(n)); !seen["\x00"+s] {
			seen["\x00"+s] = true
			x.byStem[s] = append(x.byStem[s], i)
		}
	}
}

// Find returns the pictures that a place may mean, none of them in a place that
// speaks against it, and whether a folder speaks for them.
func (x *Finder) Find(w Place) (found []int, sure bool) {
	all := x.byStem[w.Stem]
	if named := x.byName[w.name]; len(named) > 0 && (!w.bare || len(all) == 0) {
		all = named // labels of a.png in a.png.txt, too
	}
	if same := Only(all, func(i int) bool { return w.written(x.Places[i]) }); len(same) > 0 {
		all = same // before what only folding makes equal
	}
	best := 0
	for _, i := range all {
		best = max(best, w.trail(x.Places[i]))
	}
	found = Only(all, func(i int) bool { return w.trail(x.Places[i]) == best && !x.against(w, x.Places[i], best) })
	if best == 0 && len(found) > 0 {
		found = all // that some are not meant does not say that another is
	}
	return found, best > 0
}

// written says whether a picture is called exactly as a label file writes it.
func (w Place) written(o Place) bool {
	for _, name := range append([]string{o.Exact}, o.also...) {
		if name == w.Exact || w.bare && Bare(name) == w.Exact {
			return true
		}
	}
	return false
}

func Only(list []int, keep func(int) bool) (out []int) {
	for _, i := range list {
		if keep(i) {
			out = append(out, i)
		}
	}
	return out
}

// against says whether the folders of two places, equal for some way up, then tell
// that two pictures are meant.
//
// Folders differ for many reasons: a path of another machine, a data set that was
// divided anew. They speak against each other where they are of one division: the
// label's folder holds other pictures here, or both lie in one folder (test/dent and
// test/scratch), or equal folders lie in different sets (train/good and test/good).
func (x *Finder) against(w, o Place, equal int) bool {
	a, b := w.Last(equal), o.Last(equal)
	switch {
	case a == "" || b == "" || a == b:
		return false
	case setFolder(a) || setFolder(b):
		return equal > 0 && setFolder(a) && setFolder(b)
	case equal > 0:
		return false
	}
	return x.groups[a] || w.Last(1) != "" && w.Last(1) == o.Last(1)
}
