package coco

import (
	"encoding/json"
	"math"
	"strings"

	"semirest/server/format/tolerant"
)

// ident is an id of COCO: a number, or a string as some programs write it; ""
// where it is neither. 7, 7.0 and "7" are one.
type ident string

// UnmarshalJSON implements json.Unmarshaler. It never fails.
func (id *ident) UnmarshalJSON(b []byte) error {
	var s tolerant.Text
	_ = s.UnmarshalJSON(b)
	*id = ident(strings.TrimSuffix(tolerant.Cut(strings.TrimSpace(string(s)), 100), ".0"))
	return nil
}

// document is a file of COCO as it is read.
type document struct {
	images     []imageIn
	times      map[ident]int      // how often an id is an image's
	marks      map[ident][]markIn // by image
	n          int                // of marks
	categories map[ident]string
}

type imageIn struct {
	ID       ident           `json:"id"`
	FileName tolerant.Text   `json:"file_name"`
	Width    tolerant.Number `json:"width"`
	Height   tolerant.Number `json:"height"`
	More     json.RawMessage `json:"semirest"`
}

type markIn struct {
	ImageID      ident            `json:"image_id"`
	CategoryID   *ident           `json:"category_id"`
	BBox         tolerant.Numbers `json:"bbox"`
	Segmentation json.RawMessage  `json:"segmentation"`
	More         json.RawMessage  `json:"semirest"`
	Attributes   json.RawMessage  `json:"attributes"`
}

// rotation is what CVAT writes: of the bbox about its centre, degrees.
func (m *markIn) rotation() float64 {
	var a struct {
		Rotation tolerant.Number `json:"rotation"`
	}
	if json.Unmarshal(m.Attributes, &a) != nil || math.IsNaN(float64(a.Rotation)) {
		return 0 // none, or another program's list
	}
	return float64(a.Rotation)
}
