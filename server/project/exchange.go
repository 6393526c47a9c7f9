package project

// WholeFormat is the format that holds all of a project, models and history too; the others hold pictures and labels.
const WholeFormat = "project"

// Format describes a format of other programs to people.
type Format struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	Extension string `json:"extension"`
	Note      string `json:"note"`
	Holds     any    `json:"holds,omitempty"` // what survives in it, by name
}

// Imported counts what came of an import.
type Imported struct {
	Pictures  int      `json:"pictures"`  // added
	Labels    int      `json:"labels"`    // pictures whose labels were set
	Unchanged int      `json:"unchanged"` // pictures that had these labels already
	Truths    int      `json:"truths"`    // ground-truth masks set
	Skipped   []string `json:"skipped"`   // pictures left out and why, for people; at most 100
	Warnings  []string `json:"warnings"`  // how files were understood, for people
}
