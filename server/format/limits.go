package format

import "semirest/shared/prep"

// Limits bound what Read takes in. A zero field means its default.
type Limits struct {
	Entries int         // files in the archive; default 200,000
	Entry   int64       // bytes of one picture or mask, unpacked; default 512 MiB
	Text    int64       // bytes of one label file, unpacked; default 256 MiB
	Total   int64       // bytes unpacked in all, pictures included when they are opened; default 64 GiB
	Marks   int         // shapes in all; default 1,000,000
	Picture prep.Limits // of one picture; default prep.DefaultLimits
}

func (l Limits) filled() Limits {
	fill(&l.Entries, 200_000)
	fill(&l.Entry, 512<<20)
	fill(&l.Text, 256<<20)
	fill(&l.Total, 64<<30)
	fill(&l.Marks, 1_000_000)
	fill(&l.Picture.MaxSide, prep.DefaultLimits.MaxSide)
	fill(&l.Picture.MaxPixels, prep.DefaultLimits.MaxPixels)
	return l
}

func fill[T int | int64](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Options say how Read works.
type Options struct {
	Limits Limits

	// Known, when not nil, are the pictures that labels are for. Items come with
	// the ID, Name and size of theirs. Labels of a picture that is neither
	// known nor in the archive are a *PictureError of ErrUnknown; a picture in
	// the archive that is not known is given with the ID "".
	Known []Known

	// Warn is called at the end, once for each thing to be told.
	Warn func(Warning)
}
