// Package dataset reads folders of inspection images.
//
// Two layouts are understood:
//
//	MVTec AD      DIR/train/good/*            normal training images
//	              DIR/test/good/*             normal test images
//	              DIR/test/KIND/*             defective test images, one folder a kind of defect
//	              DIR/ground_truth/KIND/*     masks: NAME_mask.png, or NAME.png, beside test/KIND/NAME.*
//	plain folder  DIR/*                       normal training images, no test images
//
// Files are found by their extension and listed in name order, so that a seed
// chooses the same images on every machine. Nothing is
// decoded until it is asked for.
package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Good is the kind of a normal image.
const Good = "good"

// ErrNoImages says that a folder holds nothing to train on or to test.
var ErrNoImages = errors.New("no images")

// Item is one image of a set.
type Item struct {
	Path string // file, joined to the root that was opened
	Name string // slash-separated path below the root: stable across machines
	Kind string // Good or the name of a defect
	Mask string // ground-truth file, "" for a normal image and where there is none
}

// Defective reports whether the image shows a defect.
func (i Item) Defective() bool { return i.Kind != Good }

// Set is an opened folder.
type Set struct {
	Root  string
	Train []Item // normal
	Test  []Item // Good first, then the kinds in order
	Kinds []string
}

// Open lists the images of dir. A missing mask is not an error here: training
// needs none. A folder with no image in it is an ErrNoImages that says where
// they were looked for.
func Open(dir string) (*Set, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("dataset: open %s: %w", dir, err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("dataset: %s is a file: give the folder that holds the images", dir)
	}
	s := &Set{Root: dir}
	train, test := isDir(dir, "train"), isDir(dir, "test")
	if !train && !test {
		if s.Train, err = s.list(".", Good); err != nil {
			return nil, err
		}
		if len(s.Train) == 0 {
			return nil, fmt.Errorf("dataset: %w in %s: expected either images (%s) or the folders train/good and test/KIND",
				ErrNoImages, dir, strings.Join(extensions, " "))
		}
		return s, nil
	}
	if train {
		if s.Train, err = s.list("train/good", Good); err != nil {
			return nil, err
		}
	}
	if test {
		if err := s.openTest(); err != nil {
			return nil, err
		}
	}
	if len(s.Train) == 0 && len(s.Test) == 0 {
		return nil, fmt.Errorf("dataset: %w in %s: expected train/good/*.png and test/KIND/*.png", ErrNoImages, dir)
	}
	return s, nil
}

func isDir(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return err == nil && info.IsDir()
}

func (s *Set) openTest() error {
	entries, err := os.ReadDir(filepath.Join(s.Root, "test"))
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	var kinds []string
	for _, e := range entries {
		if isDir(filepath.Join(s.Root, "test"), e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			kinds = append(kinds, e.Name())
		}
	}
	slices.Sort(kinds)
	if i := slices.Index(kinds, Good); i > 0 {
		kinds = append([]string{Good}, slices.Delete(kinds, i, i+1)...)
	}
	for _, kind := range kinds {
		items, err := s.list("test/"+kind, kind)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			continue
		}
		if kind != Good {
			s.Kinds = append(s.Kinds, kind)
			for i := range items {
				items[i].Mask = s.findMask(items[i])
			}
		}
		s.Test = append(s.Test, items...)
	}
	return nil
}

// list returns the images of one folder below the root, sorted by name. A
// folder that does not exist is empty.
func (s *Set) list(sub, kind string) ([]Item, error) {
	entries, err := os.ReadDir(filepath.Join(s.Root, sub))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var items []Item
	for _, e := range entries { // ReadDir sorts by name
		if e.IsDir() || !IsImage(e.Name()) {
			continue
		}
		name := e.Name()
		if sub != "." {
			name = sub + "/" + name
		}
		items = append(items, Item{Path: filepath.Join(s.Root, sub, e.Name()), Name: name, Kind: kind})
	}
	return items, nil
}

// findMask looks for NAME_mask.EXT, then NAME.EXT, below ground_truth/KIND.
func (s *Set) findMask(item Item) string {
	stem := strings.TrimSuffix(filepath.Base(item.Path), filepath.Ext(item.Path))
	for _, suffix := range []string{"_mask", ""} {
		for _, ext := range []string{".png", ".bmp", ".tif", ".tiff"} {
			path := filepath.Join(s.Root, "ground_truth", item.Kind, stem+suffix+ext)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path
			}
		}
	}
	return ""
}

// Fingerprint hashes names and contents of the items: two models with the same
// fingerprint saw the same bytes. It reads every file once.
func Fingerprint(items []Item) (string, error) {
	sum := sha256.New()
	for _, item := range items {
		f, err := os.Open(item.Path)
		if err != nil {
			return "", fmt.Errorf("dataset: %w", err)
		}
		file := sha256.New()
		n, err := io.Copy(file, f)
		f.Close()
		if err != nil {
			return "", fmt.Errorf("dataset: read %s: %w", item.Path, err)
		}
		fmt.Fprintf(sum, "%s\x00%d\x00%x\n", item.Name, n, file.Sum(nil))
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}
