package format

import (
	"fmt"
	"slices"
	"strings"

	"semirest/server/format/place"
)

// matcher finds known pictures by what a file says of them.
type matcher struct {
	known []Known
	byID  map[string]int
	bySum map[string][]int
	*place.Finder
}

func newMatcher(known []Known) *matcher {
	m := &matcher{known: known, byID: map[string]int{}, bySum: map[string][]int{}, Finder: place.NewFinder()}
	for i, k := range known {
		if k.ID != "" {
			m.byID[k.ID] = i
		}
		if k.SHA256 != "" {
			m.bySum[k.SHA256] = append(m.bySum[k.SHA256], i)
		}
		came := k.Path
		if came == "" {
			came = place.Base(k.Name)
		}
		w := place.Of(came, false)
		if len(w.Folders) == 0 && k.Kind != "" { // the folder that MVTec would have it in
			w.Folders = []string{place.Fold(k.Kind)}
		}
		// Write makes names safe and end as a picture's does; one whose name was taken
		// is called NAME (2) since, and was NAME before.
		names := []string{k.Name, place.FileName(k.Name)}
		if was, ok := renamed(k.Name); ok && k.Path == "" {
			names = append(names, was)
		}
		m.Add(w, names...)
	}
	return m
}

// renamed takes the number away that told a picture's name from a taken one.
func renamed(name string) (string, bool) {
	bare := place.Bare(name)
	at := strings.LastIndex(bare, " (")
	if at < 1 || !strings.HasSuffix(bare, ")") || strings.Trim(bare[at+2:len(bare)-1], "0123456789") != "" {
		return name, false
	}
	return bare[:at] + name[len(bare):], true
}

// find returns the known picture of a draft: the one with its ID; where the archive
// has the picture, the one of the same content; else the one where the draft says
// that it lies.
func (m *matcher) find(r *Reader, d *Draft) (Known, error) {
	if i, ok := m.byID[d.ID]; ok && d.ID != "" {
		return m.known[i], nil
	}
	among := func(int) bool { return true }
	if d.Picture != nil && len(m.bySum) > 0 {
		hash, err := r.sum(d.Picture)
		if err != nil {
			return Known{}, err
		}
		same := m.bySum[hash]
		switch {
		case len(same) == 1:
			return m.known[same[0]], nil
		case len(same) == 0:
			if _, err := r.locate(m.Finder, d, m.narrow(d)); err == nil {
				r.Note("a picture has the name of one that is here, and other content: it is another picture", d.Name, 1)
			}
			return Known{}, ErrUnknown
		}
		among = func(i int) bool { return m.known[i].SHA256 == hash }
	}
	i, err := r.locate(m.Finder, d, func(found []int) []int { return m.narrow(d)(place.Only(found, among)) })
	if err != nil {
		return Known{}, err
	}
	return m.known[i], nil
}

// narrow chooses the only picture of the draft's kind, or of its kind and set.
func (m *matcher) narrow(d *Draft) func([]int) []int {
	return func(found []int) []int {
		if d.Kind == "" {
			return found
		}
		for _, same := range []func(k Known) bool{
			func(k Known) bool { return strings.EqualFold(k.Kind, d.Kind) },
			func(k Known) bool { return strings.EqualFold(k.Kind, d.Kind) && k.Held == d.Held },
		} {
			if one := place.Only(found, func(i int) bool { return same(m.known[i]) }); len(one) == 1 {
				return one
			}
		}
		return found
	}
}

// locate finds the one picture that a draft means. narrow chooses among several.
func (r *Reader) locate(x *place.Finder, d *Draft, narrow func([]int) []int) (int, error) {
	at, several := -1, 0
	var all [][]int
	for _, w := range d.Wants {
		found, sure := x.Find(w)
		if len(found) > 1 && narrow != nil {
			found = narrow(found)
		}
		if len(found) > 0 {
			all = append(all, found)
		}
		switch {
		case len(found) > 1:
			several = max(several, len(found))
		case len(found) == 1 && !sure && len(r.labelled[w.Stem]) > 1: // the labels of several pictures want it
			several = max(several, len(r.labelled[w.Stem]))
		case len(found) == 1 && at < 0:
			at = found[0]
		}
	}
	for _, found := range all {
		if at >= 0 && !slices.Contains(found, at) {
			return 0, fmt.Errorf("%w: the file is called like %s, and names %s", ErrAmbiguous, d.Wants[len(d.Wants)-1].Exact, d.Wants[0].Exact)
		}
	}
	switch {
	case at >= 0:
		return at, nil
	case several > 0:
		return 0, fmt.Errorf("%w, or several labels are for this one, and the file does not tell which of %d is meant: give them different names, keep the folders that the pictures came in, or use COCO or CSV, which hold the pictures' ids", ErrAmbiguous, several)
	}
	return 0, fmt.Errorf("%w among those that the labels are for: add the picture first", ErrUnknown)
}

// Label notes that the archive labels a picture at a place, before any is given:
// one name in two folders means two pictures.
func (r *Reader) Label(w place.Place) {
	if r.labelled[w.Stem] == nil {
		r.labelled[w.Stem] = map[string]bool{}
	}
	r.labelled[w.Stem][strings.Join(w.Folders, "/")] = true
}
