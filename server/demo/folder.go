package demo

import (
	"fmt"
	"os"
	"path/filepath"

	"semirest/shared/durable"
)

// Folder writes pictures of the surface below dir in the layout of MVTec AD: normal ones to train on in train/good, each
// to test on in test/good, and as many of every defect, with their masks. No picture of the gallery is among them, so
// that the page can show a detector made of the folder what it has not seen.
func (s Surface) Folder(dir string, normal, each int) error {
	write := func(p Picture, folder string, masked bool) error {
		if err := put(filepath.Join(dir, folder, p.Kind), p.Name()+".png", p.PNG()); err != nil || !masked {
			return err
		}
		return put(filepath.Join(dir, "ground_truth", p.Kind), p.Name()+"_mask.png", p.MaskPNG())
	}
	for i := range normal {
		if err := write(s.Draw(Good, i), "train", false); err != nil {
			return err
		}
	}
	for i := range each {
		if err := write(s.Draw(Good, galleryFrom+galleryGood+1+i), "test", false); err != nil {
			return err
		}
		for _, kind := range s.Kinds {
			if err := write(s.Draw(kind, galleryEach+1+i), "test", true); err != nil {
				return err
			}
		}
	}
	return nil
}

func put(dir, name string, file []byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return durable.Write(filepath.Join(dir, name), file)
}
