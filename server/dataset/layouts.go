package dataset

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// What the published sets have of their own, apart from the folders of MVTec AD, which BTAD (ok, ko) and MPDD share.

// kolektor2 reads KolektorSDD2: train/NAME.png and test/NAME.png, each with NAME_GT.png beside it, black where the
// picture is normal. Defective pictures of train are labelled ones to learn from, not to test on.
func (s *Set) kolektor2(f *folders, train, test string) error {
	learn, err := f.items(train, defect)
	if err != nil {
		return err
	}
	s.Train, s.Labelled = byMask(f, learn)
	measure, err := f.items(test, defect)
	if err != nil {
		return err
	}
	s.tested(byMask(f, measure))
	return nil
}

// isKolektor2 reports whether train holds pictures with their masks, and no folders.
func (f *folders) isKolektor2(train string) (bool, error) {
	l, err := f.below(train)
	if err != nil || len(l.folders) > 0 {
		return false, err
	}
	return slices.ContainsFunc(l.pictures, func(name string) bool { _, mask := OfMask(name); return mask }), nil
}

// kolektor reads KolektorSDD: kos01/Part0.jpg with kos01/Part0_label.bmp beside it. The set comes without one division
// of its own: every third folder is to test on, so that the parts of one commutator stay together.
func (s *Set) kolektor(f *folders, parts []string) error {
	var tested, learnt []Item
	for i, folder := range parts {
		items, err := f.items(folder, defect)
		if err != nil {
			return err
		}
		if i%3 == 2 {
			tested = append(tested, items...)
		} else {
			learnt = append(learnt, items...)
		}
	}
	s.Train, s.Labelled = byMask(f, learnt)
	s.tested(byMask(f, tested))
	f.note(fmt.Sprintf("KolektorSDD: every third of the %d folders is to test on", len(parts)))
	return nil
}

// kolektorParts are the folders kos01, kos02, ...
func kolektorParts(l listing) (parts []string) {
	for _, name := range l.folders {
		if rest, ok := strings.CutPrefix(strings.ToLower(name), "kos"); ok && rest != "" && strings.Trim(rest, "0123456789") == "" {
			parts = append(parts, name)
		}
	}
	return parts
}

// tested takes pictures that only their masks tell apart as test pictures.
func (s *Set) tested(normal, defective []Item) {
	s.Test = slices.Concat(normal, defective)
	if len(defective) > 0 {
		s.Kinds = []string{defect}
	}
}

// mvtec2 reads MVTec AD 2: train/good, test_public/good and test_public/bad with test_public/ground_truth/bad. Its
// validation pictures are left out, as its private tests are, so that figures compare with published ones.
func (s *Set) mvtec2(f *folders, top listing, train, test string) error {
	in, err := f.below(test)
	if err != nil {
		return err
	}
	if truth := in.named("ground_truth"); truth != "" {
		if err := f.truths(test + "/" + truth); err != nil {
			return err
		}
	}
	for _, folder := range top.folders {
		if folder == train || folder == test {
			continue
		}
		n, err := f.count(folder)
		if err != nil {
			return err
		}
		f.passN("of MVTec AD 2, neither to learn from nor to test on, and passed over", folder+"/", n)
	}
	if train != "" {
		if s.Train, err = f.items(train+"/"+Good, Good); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.test(f, test+"/", slices.DeleteFunc(in.folders, func(n string) bool { return strings.EqualFold(n, "ground_truth") }))
}

// visaSplit is VisA's division for one class, beside the folders of its objects.
const visaSplit = "split_csv/1cls.csv"

// visa reads one object of VisA, whose pictures lie in OBJECT/Data/Images, by the data set's own CSV: object, split,
// label, image, mask, files below the folder that holds the object's.
func (s *Set) visa(f *folders) error {
	root, err := filepath.Abs(f.root)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	object, root := filepath.Base(root), filepath.Dir(root)
	file, err := os.Open(filepath.Join(root, filepath.FromSlash(visaSplit)))
	if err != nil {
		return fmt.Errorf("dataset: an object of VisA is divided by %s beside its folder: %w", visaSplit, err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return fmt.Errorf("dataset: %s: %w", visaSplit, err)
	}
	var defective []Item
	for n, row := range rows {
		if len(row) != 5 {
			return fmt.Errorf("dataset: %s: line %d has %d columns, and object, split, label, image and mask are wanted", visaSplit, n+1, len(row))
		}
		if row[0] != object {
			continue
		}
		name, ok := strings.CutPrefix(path.Clean(row[3]), object+"/")
		if !ok {
			return fmt.Errorf("dataset: %s: line %d names %s, which is not in the folder of %s", visaSplit, n+1, row[3], object)
		}
		item := Item{Path: filepath.Join(f.root, filepath.FromSlash(name)), Name: name, Kind: Good}
		if _, err := os.Stat(item.Path); err != nil {
			return fmt.Errorf("dataset: %s: line %d: %w", visaSplit, n+1, err)
		}
		switch row[1] + " " + row[2] {
		case "train normal":
			s.Train = append(s.Train, item)
		case "test normal":
			s.Test = append(s.Test, item)
		case "test anomaly":
			item.Kind = defect
			if mask, ok := strings.CutPrefix(path.Clean(row[4]), object+"/"); ok {
				item.Mask = filepath.Join(f.root, filepath.FromSlash(mask))
			}
			defective = append(defective, item)
		default:
			return fmt.Errorf("dataset: %s: line %d is of split %q and label %q, which nothing is known of", visaSplit, n+1, row[1], row[2])
		}
	}
	s.tested(s.Test, defective)
	return nil
}
