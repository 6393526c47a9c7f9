package line

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"time"

	"semirest/server/project"
	"semirest/server/sink"
	"semirest/server/store/journal"
	"semirest/server/verdict"
)

// The line as a page sees it: JSON in, JSON out.

// PageSources are the sources for a page.
type PageSources struct{ *Line }

// List returns what Sources does.
func (p PageSources) List() any { return p.Sources() }

// Add adds the source that a JSON object describes.
func (p PageSources) Add(ctx context.Context, body []byte) error {
	var s Source
	if err := strict(body, &s); err != nil {
		return err
	}
	return p.AddSource(ctx, s)
}

// Remove is RemoveSource.
func (p PageSources) Remove(ctx context.Context, name string) error { return p.RemoveSource(ctx, name) }

// Pause is PauseSource.
func (p PageSources) Pause(ctx context.Context, name string, paused bool) error {
	return p.PauseSource(ctx, name, paused)
}

// PageSinks are the sinks for a page.
type PageSinks struct{ *Line }

// List returns what Sinks does.
func (p PageSinks) List(ctx context.Context) (any, error) { return p.Sinks(ctx) }

// Add adds the sink that a JSON object describes.
func (p PageSinks) Add(ctx context.Context, body []byte) error {
	var s sink.Spec
	if err := strict(body, &s); err != nil {
		return err
	}
	return p.AddSink(ctx, s)
}

// Remove is RemoveSink.
func (p PageSinks) Remove(ctx context.Context, name string) error { return p.RemoveSink(ctx, name) }

// strict reads an object that has no other fields.
func strict(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", project.ErrInvalid, err)
	}
	return nil
}

// PageVerdicts are the verdicts for a page.
type PageVerdicts struct{ *Line }

// one is a verdict on a page.
type one struct {
	ID        string    `json:"id"`
	Source    string    `json:"source"`
	Time      time.Time `json:"time"`
	Picture   string    `json:"picture"`
	Verdict   string    `json:"verdict"`
	Score     float64   `json:"score"`
	Error     string    `json:"error,omitempty"`
	Detector  string    `json:"detector"`
	Model     string    `json:"model"`
	Width     int       `json:"width"`
	Height    int       `json:"height"`
	Regions   int       `json:"regions"`
	LatencyMS float64   `json:"latency_ms"`
	Judged    string    `json:"judged,omitempty"`
	Thumbnail bool      `json:"thumbnail"`
	Kept      bool      `json:"kept"`
}

// history is a page's answer.
type history struct {
	Verdicts []one           `json:"verdicts"`
	Hourly   bool            `json:"hourly"`
	Counts   []journal.Count `json:"counts"`
	Drift    string          `json:"drift,omitempty"`
}

// History answers the query's verdict, source, day (of UTC), before and limit. Counts are of the day's hours, or of the last
// days.
func (p PageVerdicts) History(ctx context.Context, q url.Values) (any, error) {
	f, hourly, err := p.filter(q)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", project.ErrInvalid, err)
	}
	list, err := p.Journal.List(ctx, f)
	if err != nil {
		return nil, err
	}
	h := history{Verdicts: make([]one, 0, len(list)), Hourly: hourly}
	for _, k := range list {
		h.Verdicts = append(h.Verdicts, one{k.ID, k.Source, k.Time, k.Image, k.Word(), k.Score, k.Error, k.Model, k.Version,
			k.Width, k.Height, len(k.Regions), k.LatencyMS, k.Judged, k.Thumb, k.Picture != ""})
	}
	step := 24 * time.Hour
	if hourly {
		step = time.Hour
	} else {
		f.To = p.now().UTC().Truncate(step).Add(step)
		f.From = f.To.AddDate(0, 0, -p.keep.Days)
	}
	f.Word, f.Before = "", ""
	if h.Counts, err = p.Journal.Counts(ctx, f, step); err != nil {
		return nil, err
	}
	if len(list) > 0 {
		h.Drift, err = p.drift(ctx, list[0].Verdict)
	}
	return h, err
}

func (p PageVerdicts) filter(q url.Values) (f journal.Filter, hourly bool, err error) {
	f = journal.Filter{Word: q.Get("verdict"), Source: q.Get("source"), Before: q.Get("before"), Limit: 60}
	if !slices.Contains([]string{"", "normal", "defect", "error"}, f.Word) {
		return f, false, errors.New("a verdict is normal, defect or error")
	}
	if text := q.Get("limit"); text != "" {
		if f.Limit, err = strconv.Atoi(text); err != nil || f.Limit < 1 || f.Limit > 500 {
			return f, false, errors.New("limit is a number from 1 to 500")
		}
	}
	if day := q.Get("day"); day != "" {
		if f.From, err = time.Parse(time.DateOnly, day); err != nil {
			return f, false, errors.New("a day is written as 2026-11-28")
		}
		f.To, hourly = f.From.AddDate(0, 0, 1), true
	}
	return f, hourly, nil
}

// What drift is said of: medians of so many normal pictures, and how far apart they must lie.
const (
	driftOf   = 100
	driftOver = 0.1 // of the threshold
)

// drift says how the scores of normal pictures have moved since a model came to the line; "" where they have not, or too
// few were seen to tell.
func (p PageVerdicts) drift(ctx context.Context, v verdict.Verdict) (string, error) {
	first, last, n, err := p.Journal.Medians(ctx, v.Model, v.Version, driftOf)
	if err != nil || n < 2*driftOf || max(last-first, first-last) < driftOver {
		return "", err
	}
	way := "risen"
	if last < first {
		way = "fallen"
	}
	return fmt.Sprintf("The median score of normal pictures has %s from %.2f to %.2f since this model came to the line. "+
		"Has light, focus or material changed? If it is to stay so, train with pictures of now.", way, first, last), nil
}

// Thumb is a verdict's small picture.
func (p PageVerdicts) Thumb(ctx context.Context, id string) ([]byte, error) {
	return p.Journal.Thumb(ctx, id)
}

// Picture opens the file of a verdict's picture, and names it as a project is to call it.
func (p PageVerdicts) Picture(ctx context.Context, id string) (string, io.ReadSeekCloser, error) {
	k, err := p.Journal.Find(ctx, id)
	if err != nil {
		return "", nil, err
	}
	if k.Picture == "" {
		return "", nil, fmt.Errorf("the picture: %w", project.ErrNotFound)
	}
	f, err := os.Open(k.Picture)
	name := path.Base(k.Image)
	if path.Ext(name) == "" { // a frame has a number only
		name = fmt.Sprintf("%s %s%s", k.Source, k.Time.Format("2006-01-02 15.04.05.000"), cmp.Or(path.Ext(k.Picture), ".jpg"))
	}
	return name, f, err
}

// Judge notes what somebody took a picture as.
func (p PageVerdicts) Judge(ctx context.Context, id, what string) error {
	return p.Journal.Judge(ctx, id, what)
}
