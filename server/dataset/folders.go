package dataset

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// folders reads a data set's folders and keeps what is to be told of them.
type folders struct {
	root   string
	masks  map[string][]string // masks by the kind and bare name of their picture, in small letters
	used   map[string]bool
	said   []string // lines
	passed []passed
}

// passed are files of which nothing became, for one reason.
type passed struct {
	why, first string
	n          int
}

func (f *folders) note(line string) { f.said = append(f.said, line) }

func (f *folders) pass(why, name string) { f.passN(why, name, 1) }

func (f *folders) passN(why, name string, n int) {
	if n == 0 {
		return
	}
	i := slices.IndexFunc(f.passed, func(p passed) bool { return p.why == why })
	if i < 0 {
		i = len(f.passed)
		f.passed = append(f.passed, passed{why: why, first: name})
	}
	f.passed[i].n += n
}

// notes are all lines.
func (f *folders) notes() []string {
	out := slices.Clone(f.said)
	for _, p := range f.passed {
		what := "files or folders are"
		if p.n == 1 {
			what = "file or folder is"
		}
		out = append(out, fmt.Sprintf("%d %s %s (first: %s)", p.n, what, p.why, p.first))
	}
	return out
}

// listing is one folder's content, by name.
type listing struct{ folders, pictures, others []string }

// below lists a folder below the root.
func (f *folders) below(sub string) (listing, error) {
	entries, err := os.ReadDir(filepath.Join(f.root, filepath.FromSlash(sub)))
	if err != nil {
		return listing{}, fmt.Errorf("dataset: %w", err)
	}
	var l listing
	for _, e := range entries { // ReadDir sorts by name
		name := e.Name()
		info, err := os.Stat(filepath.Join(f.root, filepath.FromSlash(sub), name)) // a link may lead to a folder
		switch {
		case strings.HasPrefix(name, ".") || strings.EqualFold(name, "Thumbs.db") || strings.EqualFold(name, "desktop.ini"):
		case err != nil:
			return listing{}, fmt.Errorf("dataset: %w", err)
		case info.IsDir():
			l.folders = append(l.folders, name)
		case IsImage(name):
			l.pictures = append(l.pictures, name)
		default:
			l.others = append(l.others, name)
		}
	}
	return l, nil
}

// named is the folder of a name, whatever its letters' case; "": there is none.
func (l listing) named(name string) string {
	return l.first(func(folder string) bool { return strings.EqualFold(folder, name) })
}

// first is the first folder that is wanted.
func (l listing) first(want func(string) bool) string {
	if i := slices.IndexFunc(l.folders, want); i >= 0 {
		return l.folders[i]
	}
	return ""
}

// items are the pictures of one folder. A file that is called like the mask of a
// picture beside it becomes that picture's.
func (f *folders) items(sub, kind string) ([]Item, error) {
	l, err := f.below(sub)
	if err != nil {
		return nil, err
	}
	for _, name := range l.folders {
		if sub != "." { // of which plain tells itself
			n, err := f.count(path.Join(sub, name))
			if err != nil {
				return nil, err
			}
			f.passN("in a folder within that of its kind and passed over", path.Join(sub, name)+"/", n)
		}
	}
	for _, name := range l.others {
		if OtherImage(name) {
			f.pass("of a format that is not read here, and passed over: save it as PNG", path.Join(sub, name))
		} else {
			f.pass("no picture, by its name, and passed over", path.Join(sub, name))
		}
	}
	bare := map[string]bool{}
	for _, name := range l.pictures {
		bare[strings.ToLower(strings.TrimSuffix(name, path.Ext(name)))] = true
	}
	masks := map[string]string{}
	var pictures []string
	for _, name := range l.pictures {
		if of, ok := OfMask(name); ok && bare[strings.ToLower(of)] {
			masks[strings.ToLower(of)] = cmp.Or(masks[strings.ToLower(of)], name)
			continue
		}
		pictures = append(pictures, name)
	}
	if kind == Good && sub != "." {
		for _, name := range masks {
			f.pass("a mask beside a picture of a folder of normal ones, and passed over", path.Join(sub, name))
		}
	}
	var items []Item
	for _, name := range pictures {
		item := Item{Path: filepath.Join(f.root, filepath.FromSlash(sub), name), Name: path.Join(sub, name), Kind: kind}
		if mask, ok := masks[strings.ToLower(strings.TrimSuffix(name, path.Ext(name)))]; ok && (kind != Good || sub == ".") {
			item.Mask = filepath.Join(f.root, filepath.FromSlash(sub), mask)
		}
		items = append(items, item)
	}
	return items, nil
}

// count is how many pictures are in a folder and below it.
func (f *folders) count(sub string) (n int, err error) {
	err = filepath.WalkDir(filepath.Join(f.root, filepath.FromSlash(sub)), func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (IsImage(e.Name()) || OtherImage(e.Name())) {
			n++
		}
		return err
	})
	return n, err
}

// truths lists the masks of a folder: KIND/NAME_mask.png, or KIND/NAME.png.
func (f *folders) truths(sub string) error {
	f.used = map[string]bool{}
	l, err := f.below(sub)
	if err != nil {
		return err
	}
	for _, name := range l.pictures {
		f.pass("a mask in no folder of a kind, and passed over", path.Join(sub, name))
	}
	for _, kind := range l.folders {
		in, err := f.below(path.Join(sub, kind))
		if err != nil {
			return err
		}
		for _, name := range in.pictures {
			key := maskKey(kind, name)
			f.masks[key] = append(f.masks[key], path.Join(sub, kind, name))
		}
		for _, name := range in.folders {
			f.pass("a folder within that of a kind's masks, and passed over", path.Join(sub, kind, name))
		}
	}
	return nil
}

func maskKey(kind, name string) string {
	bare, _ := OfMask(name)
	return strings.ToLower(kind + "/" + bare)
}

// mask is the file of a picture's mask, "" where there is none: NAME_mask.png before
// NAME.png, and a lossy file last.
func (f *folders) mask(kind, name string) string {
	key := strings.ToLower(kind + "/" + strings.TrimSuffix(path.Base(name), path.Ext(name)))
	list := slices.Clone(f.masks[key])
	rank := func(file string) int {
		_, named := OfMask(path.Base(file))
		n := slices.Index([]string{".png", ".bmp", ".tif", ".tiff", ".webp", ".jpg", ".jpeg", ".jfif", ".jpe"}, strings.ToLower(path.Ext(file)))
		if !named {
			n += 100
		}
		return n
	}
	slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	if len(list) == 0 {
		return ""
	}
	f.used[key] = true
	for _, other := range list[1:] {
		f.pass("a second mask of a picture, and passed over", other)
	}
	return filepath.Join(f.root, filepath.FromSlash(list[0]))
}

// unused tells of the masks that no picture asked for.
func (f *folders) unused() {
	var left []string
	for key, list := range f.masks {
		if !f.used[key] {
			left = append(left, list...)
		}
	}
	slices.Sort(left)
	for _, file := range left {
		f.pass("a mask whose picture is not here, and passed over", file)
	}
}
