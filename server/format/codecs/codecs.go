// Package codecs lists the formats that there are, one a package.
package codecs

import (
	"fmt"
	"strings"

	"semirest/server/format"
	"semirest/server/format/coco"
	"semirest/server/format/csv"
	"semirest/server/format/labelme"
	"semirest/server/format/mask"
	"semirest/server/format/voc"
	"semirest/server/format/yolo"
)

// codecs are all formats, in the order in which a person is shown them.
var codecs = []*format.Codec{
	coco.Codec(), mask.MVTec(), mask.Codec(), yolo.Boxes(), yolo.Turned(), yolo.Polygons(), voc.Codec(), labelme.Codec(), csv.Codec(),
}

// Formats lists all formats, for the page and for help texts.
func Formats() []format.Format {
	out := make([]format.Format, len(codecs))
	for i, c := range codecs {
		out[i] = c.Format
	}
	return out
}

// Find looks a format up.
func Find(name string) (*format.Codec, error) {
	var names []string
	for _, c := range codecs {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return nil, fmt.Errorf("format: no format is called %q: use one of %s", name, strings.Join(names, ", "))
}
