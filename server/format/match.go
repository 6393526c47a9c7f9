package format

import (
	"fmt"
	"slices"
	"strings"

	"semirest/server/dataset"
)

// matcher finds known pictures by what a file says of them.
type matcher struct {
	known          []Known
	byID, bySum    map[string]int
	byName, byStem map[string][]int
}

func newMatcher(known []Known) *matcher {
	m := &matcher{known: known, byID: map[string]int{}, bySum: map[string]int{}, byName: map[string][]int{}, byStem: map[string][]int{}}
	for i, k := range known {
		if k.ID != "" {
			m.byID[k.ID] = i
		}
		if k.SHA256 != "" {
			m.bySum[k.SHA256] = i
		}
		// Write makes names safe and end as a picture's does; a picture is found
		// by any of these.
		safe := fileName(k.Name)
		for _, name := range slices.Compact([]string{k.Name, safe}) {
			m.byName[name] = append(m.byName[name], i)
		}
		stems := []string{stem(k.Name), stem(safe)}
		if !dataset.IsImage(safe) {
			stems = append(stems, safe)
		}
		slices.Sort(stems)
		for _, s := range slices.Compact(stems) {
			m.byStem[s] = append(m.byStem[s], i)
		}
	}
	return m
}

// find returns the known picture of a draft: the one with its ID; else the only
// one of its name. Where that is none or several, and the archive has the
// picture, it is the one of the same content, by sum; else, of several, the only
// one of the draft's kind, or of its kind and set.
func (m *matcher) find(d *draft, sum func() (string, error)) (Known, error) {
	if i, ok := m.byID[d.id]; ok && d.id != "" {
		return m.known[i], nil
	}
	found := m.byName[d.name]
	switch {
	case d.stem && d.picture != nil:
		found = m.byName[d.picture.base()]
	case d.stem:
		found = m.byStem[d.name]
	}
	if len(found) == 1 {
		return m.known[found[0]], nil
	}
	if d.picture != nil && len(m.bySum) > 0 {
		hash, err := sum()
		if err != nil {
			return Known{}, err
		}
		if i, ok := m.bySum[hash]; ok {
			return m.known[i], nil
		}
		if len(found) > 1 && m.known[found[0]].SHA256 != "" {
			return Known{}, ErrUnknown // another picture of the same name
		}
	}
	if len(found) == 0 {
		return Known{}, fmt.Errorf("%w among those that the labels are for: add the picture first", ErrUnknown)
	}
	for _, same := range []func(k Known) bool{
		func(k Known) bool { return strings.EqualFold(k.Kind, d.kind) },
		func(k Known) bool { return strings.EqualFold(k.Kind, d.kind) && k.Held == d.held },
	} {
		only := -1
		for _, i := range found {
			switch {
			case !same(m.known[i]):
			case only < 0:
				only = i
			default:
				only = len(m.known) // not the only one
			}
		}
		if only >= 0 && only < len(m.known) {
			return m.known[only], nil
		}
	}
	return Known{}, fmt.Errorf("%w, and the file does not tell which of %d is meant: give them different names, or use COCO or CSV, which hold the pictures' ids", ErrAmbiguous, len(found))
}
