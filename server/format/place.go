package format

import (
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"semirest/server/dataset"
)

// A label finds its picture by where both say that it lies, never by the bare file
// name alone while another picture could be meant.
//
//   - A place is a path that a file gives or a picture came with: names folded (in
//     small letters and composed, so that A.PNG, a.png and a decomposed ä are one),
//     without the folders that only tell pictures from labels.
//   - A trail is how many folders two places share, counted from the file upwards.

// place is a path, folded.
type place struct {
	folders    []string
	name, stem string   // stem: without the ending of a picture
	exact      string   // the file's name as it is written
	also       []string // other names of it
	bare       bool     // name is without its ending
}

// placeOf reads a path of either kind of separator. bare says that the file's name
// comes without its ending.
func placeOf(p string, bare bool) place {
	p = strings.ReplaceAll(p, `\`, "/")
	exact := baseName(p)
	w := place{exact: exact, name: fold(exact), stem: fold(bareName(exact)), bare: bare || !dataset.IsImage(exact)}
	if bare {
		w.stem = w.name
	}
	for _, f := range strings.Split(path.Dir(path.Clean("/"+p)), "/") {
		f = fold(f)
		if f != "" && !neutral[f] && !strings.HasSuffix(f, ":") {
			w.folders = append(w.folders, f)
		}
	}
	return w
}

// bareName takes a picture's ending away, and nothing else: part.01 has none.
func bareName(name string) string {
	if dataset.IsImage(name) {
		return stem(name)
	}
	return name
}

// fold makes names equal that people take for the same.
func fold(s string) string { return strings.ToLower(norm.NFC.String(s)) }

// neutral are the folders that tell pictures from labels.
var neutral = map[string]bool{
	"images": true, "labels": true, "masks": true, "mask": true, "jpegimages": true, "annotations": true, "ground_truth": true,
	"segmentationclass": true, "segmentationobject": true, "groundtruth": true, "gt": true, "image": true, "label": true, "img": true, "imgs": true,
}

// heldFolder says whether a folder is one of pictures kept for evaluation, and
// setFolder whether it is of any such division.
func heldFolder(name string) bool {
	switch strings.TrimRight(fold(name), "0123456789") {
	case "val", "valid", "validation", "test", "testing":
		return true
	}
	return false
}

func setFolder(name string) bool {
	n := strings.TrimRight(fold(name), "0123456789")
	return heldFolder(name) || n == "train" || n == "training"
}

// heldPath says whether a path has a folder of pictures for evaluation.
func heldPath(p string) bool {
	return slices.ContainsFunc(strings.Split(path.Dir(p), "/"), heldFolder)
}

func (w place) last(up int) string {
	if up >= len(w.folders) {
		return ""
	}
	return w.folders[len(w.folders)-1-up]
}

// trail is how many folders two places share, from the file upwards.
func (w place) trail(o place) int {
	n := 0
	for w.last(n) != "" && w.last(n) == o.last(n) {
		n++
	}
	return n
}

// finder finds places of pictures.
type finder struct {
	places         []place
	byName, byStem map[string][]int
	groups         map[string]bool // the folder that each lies in
}

func newFinder() *finder {
	return &finder{byName: map[string][]int{}, byStem: map[string][]int{}, groups: map[string]bool{}}
}

// add takes a picture's place, and other names that it may be called by.
func (x *finder) add(w place, names ...string) {
	i := len(x.places)
	w.also = names
	x.places = append(x.places, w)
	x.groups[w.last(0)] = true
	seen := map[string]bool{}
	for _, n := range append([]string{w.exact}, names...) {
		if f := fold(n); !seen[f] {
			seen[f] = true
			x.byName[f] = append(x.byName[f], i)
		}
		if s := fold(bareName(n)); !seen["\x00"+s] {
			seen["\x00"+s] = true
			x.byStem[s] = append(x.byStem[s], i)
		}
	}
}

// find returns the pictures that a place may mean, none of them in a place that
// speaks against it, and whether a folder speaks for them.
func (x *finder) find(w place) (found []int, sure bool) {
	all := x.byStem[w.stem]
	if named := x.byName[w.name]; len(named) > 0 && (!w.bare || len(all) == 0) {
		all = named // labels of a.png in a.png.txt, too
	}
	if same := only(all, func(i int) bool { return w.written(x.places[i]) }); len(same) > 0 {
		all = same // before what only folding makes equal
	}
	best := 0
	for _, i := range all {
		best = max(best, w.trail(x.places[i]))
	}
	found = only(all, func(i int) bool { return w.trail(x.places[i]) == best && !x.against(w, x.places[i], best) })
	if best == 0 && len(found) > 0 {
		found = all // that some are not meant does not say that another is
	}
	return found, best > 0
}

// written says whether a picture is called exactly as a label file writes it.
func (w place) written(o place) bool {
	for _, name := range append([]string{o.exact}, o.also...) {
		if name == w.exact || w.bare && bareName(name) == w.exact {
			return true
		}
	}
	return false
}

func only(list []int, keep func(int) bool) (out []int) {
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
func (x *finder) against(w, o place, equal int) bool {
	a, b := w.last(equal), o.last(equal)
	switch {
	case a == "" || b == "" || a == b:
		return false
	case setFolder(a) || setFolder(b):
		return equal > 0 && setFolder(a) && setFolder(b)
	case equal > 0:
		return false
	}
	return x.groups[a] || w.last(1) != "" && w.last(1) == o.last(1)
}
