package format

import (
	"io"

	"semirest/shared/annot"
)

// Item is one picture with what is said about it. Sizes are of the upright
// picture, in pixels.
type Item struct {
	ID            string // the project's own; "" when a file does not say. Formats that cannot hold it match by name
	Name          string // file name without folders
	Path          string // with the folders that it lies in, of a picture that comes with the archive
	Width, Height int
	Kind          string // of defect, free text; "" when not said
	Normal        bool   // brought in as free of defects
	Defective     bool   // brought in as defective; neither: not said
	Held          bool   // kept from training, to evaluate with

	// Labels is what was drawn; nil: nothing was ever said.
	Labels *annot.Labels

	// Open opens the picture's file; nil: labels without their picture. Of an
	// item that Read gave it works until the archive's reader is closed.
	Open func() (io.ReadCloser, error)

	// Truth opens the ground truth, a PNG of the picture's size that is black
	// where nothing is wrong; nil: there is none.
	Truth func() (io.ReadCloser, error)
}

// Known is a picture that is there already, to match labels with.
type Known struct {
	ID            string
	Name          string
	Path          string // that it came with, folders and the name it had; "" when not known
	Kind          string
	Held          bool
	Width, Height int    // upright
	SHA256        string // of its file, hex; "" when not said. It tells pictures of one name apart
}

// Warning says what a format could not hold or how a file was understood, once
// for all pictures that it befell.
type Warning struct {
	Text  string `json:"text"`
	Count int    `json:"count"` // how often
	First string `json:"first"` // the first picture, "" where none is meant
}
