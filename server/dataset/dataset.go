// Package dataset reads folders of inspection images.
//
// These layouts are understood:
//
//	MVTec AD      DIR/train/good/*            normal training images
//	              DIR/test/good/*             normal test images
//	              DIR/test/KIND/*             defective test images, one folder a kind of defect
//	              DIR/ground_truth/KIND/*     masks: NAME_mask.png, or NAME.png, beside test/KIND/NAME.*
//	BTAD, MPDD    the same; ok and ko are names of good and of a kind
//	MVTec AD 2    DIR/train/good, DIR/test_public/{good,bad,ground_truth/bad}
//	KolektorSDD2  DIR/{train,test}/NAME.png, each with NAME_GT.png beside it
//	KolektorSDD   DIR/kosNN/PartN.jpg, each with PartN_label.bmp beside it
//	VisA          ROOT/OBJECT/Data/Images, divided by ROOT/split_csv/1cls.csv
//	by kinds      DIR/good/*, DIR/KIND/*      normal training images, defective test images
//	plain folder  DIR/*                       normal training images, no test images
//
// Files are found by their extension and listed in name order, so that a seed
// chooses the same images on every machine. Pictures are not decoded until they are asked
// for; masks are where only they tell normal pictures from defective ones.
package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"semirest/server/picture"
	"semirest/shared/prep"
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

	Depth prep.Depth // with which it is decoded: a detector's
}

// Defective reports whether the image shows a defect.
func (i Item) Defective() bool { return i.Kind != Good }

// Set is an opened folder.
type Set struct {
	Root  string
	Train []Item // normal
	Test  []Item // Good first, then the kinds in order
	Kinds []string
	// Labelled are defective pictures with masks that the set's authors put on the training
	// side: to learn from, not to test on. Most sets have none.
	Labelled []Item
	Notes    []string // what was passed over, and what a folder or a name was taken for: a line each, for people
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
	f := &folders{root: dir, masks: map[string][]string{}}
	s := &Set{Root: dir}
	top, err := f.below(".")
	if err != nil {
		return nil, err
	}
	good := top.first(IsGood)
	expected := "either images (" + strings.Join(extensions, " ") + ") or the folders train/good and test/KIND"
	train, test, public := top.named("train"), top.named("test"), top.named("test_public")
	beside := false
	if train != "" && test != "" {
		if beside, err = f.isKolektor2(train); err != nil {
			return nil, err
		}
	}
	switch parts := kolektorParts(top); {
	case beside:
		err = s.kolektor2(f, train, test)
	case public != "":
		err = s.mvtec2(f, top, train, public)
	case train != "" || test != "":
		expected = "train/good/*.png and test/KIND/*.png"
		err = s.mvtec(f, top, train, test)
	case len(parts) > 1:
		err = s.kolektor(f, parts)
	case top.named("Data") != "" && isDir(filepath.Join(dir, top.named("Data"), "Images")):
		err = s.visa(f)
	case good != "":
		err = s.kinds(f, top, good)
	default:
		err = s.plain(f, top)
	}
	if err != nil {
		return nil, err
	}
	f.unused()
	s.Notes = f.notes()
	if len(s.Train) == 0 && len(s.Test) == 0 {
		return nil, fmt.Errorf("dataset: %w in %s: expected %s%s", ErrNoImages, dir, expected, strings.Join(append([]string{""}, s.Notes...), "; "))
	}
	return s, nil
}

// mvtec reads the folders train/good, test/KIND and ground_truth/KIND.
func (s *Set) mvtec(f *folders, top listing, train, test string) error {
	if truth := top.named("ground_truth"); truth != "" {
		if err := f.truths(truth); err != nil {
			return err
		}
	}
	for _, name := range append(top.pictures, top.folders...) {
		if n := strings.ToLower(name); n != "train" && n != "test" && n != "ground_truth" {
			f.pass("beside train and test and passed over", name)
		}
	}
	if train != "" {
		in, err := f.below(train)
		if err != nil {
			return err
		}
		for _, folder := range in.folders {
			if !IsGood(folder) {
				f.pass("not called good, in train, and passed over: normal pictures are learnt from", train+"/"+folder)
				continue
			}
			items, err := f.items(train+"/"+folder, Good)
			if err != nil {
				return err
			}
			s.Train = append(s.Train, items...)
		}
		for _, name := range in.pictures {
			f.pass("in train and in no folder of it, and passed over", train+"/"+name)
		}
	}
	if test == "" {
		return nil
	}
	in, err := f.below(test)
	if err != nil {
		return err
	}
	for _, name := range in.pictures {
		f.pass("in test and in no folder of a kind, and passed over", test+"/"+name)
	}
	return s.test(f, test+"/", in.folders)
}

// kinds reads a folder for the normal pictures and one for each kind of defect, side
// by side.
func (s *Set) kinds(f *folders, top listing, good string) error {
	var kinds []string
	for _, folder := range top.folders {
		switch strings.ToLower(folder) {
		case "ground_truth", "groundtruth", "mask", "masks", "gt":
			if err := f.truths(folder); err != nil {
				return err
			}
		default:
			if folder != good {
				kinds = append(kinds, folder)
			}
		}
	}
	for _, name := range top.pictures {
		f.pass("beside the folders of kinds and passed over", name)
	}
	items, err := f.items(good, Good)
	if err != nil {
		return err
	}
	s.Train = append(s.Train, items...)
	return s.test(f, "", kinds)
}

// test reads folders of test pictures: those of normal ones first.
func (s *Set) test(f *folders, below string, kinds []string) error {
	slices.SortStableFunc(kinds, func(a, b string) int {
		switch x, y := IsGood(a), IsGood(b); {
		case x == y:
			return strings.Compare(a, b)
		case x:
			return -1
		}
		return 1
	})
	for _, folder := range kinds {
		kind := folder
		if IsGood(folder) {
			kind = Good
		}
		items, err := f.items(below+folder, kind)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			continue
		}
		if kind != Good {
			s.Kinds = append(s.Kinds, kind)
			for i := range items {
				if items[i].Mask == "" {
					items[i].Mask = f.mask(kind, items[i].Name)
				}
			}
		}
		s.Test = append(s.Test, items...)
	}
	return nil
}

// plain reads a folder of normal pictures. One with a mask beside it that marks
// something is no normal picture: it becomes a test picture.
func (s *Set) plain(f *folders, top listing) error {
	for _, folder := range top.folders {
		n, err := f.count(folder)
		if err != nil {
			return err
		}
		f.passN("in folders below, which are not looked into: name such a folder itself, or call the folders train/good and test/KIND", folder+"/", n)
	}
	items, err := f.items(".", Good)
	if err != nil {
		return err
	}
	normal, defective := byMask(f, items)
	s.Train = normal
	s.tested(nil, defective)
	return nil
}

// byMask divides pictures with masks beside them by whether their masks mark something; without a mask a picture is
// normal.
func byMask(f *folders, items []Item) (normal, defective []Item) {
	masks := 0
	for _, item := range items {
		if item.Mask == "" {
			item.Kind = Good
			normal = append(normal, item)
			continue
		}
		masks++
		_, mask, err := picture.Mask(item.Mask, prep.DefaultLimits)
		switch {
		case err != nil:
			f.pass("left out, since its mask cannot be read", item.Name+": "+err.Error())
		case slices.Contains(mask, 1):
			item.Kind = defect
			defective = append(defective, item)
		default:
			item.Mask, item.Kind = "", Good
			normal = append(normal, item)
		}
	}
	if masks > 0 {
		f.note(fmt.Sprintf("%d pictures have a mask beside them, by their names: %d of them are defective and not learnt as normal", masks, len(defective)))
	}
	return normal, defective
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// defect is the kind of a picture that only its mask calls defective.
const defect = "defect"

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
