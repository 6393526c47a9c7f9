package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"

	"semirest/server/demo"
	"semirest/server/demo/fit"
	"semirest/server/detect"
	"semirest/server/detector"
	"semirest/server/plain"
	"semirest/server/web"
	"semirest/shared/prep"
)

// startDemonstration serves the demonstration's detectors, and fits those that are not there yet while the server works.
// stop ends that.
func startDemonstration(ctx context.Context, o *serveOptions, log *slog.Logger, server *web.Server) (stop func(), err error) {
	data, err := o.folders.Data()
	if err != nil {
		return nil, err
	}
	settings, err := fit.Settings(version)
	if err != nil {
		return nil, err
	}
	settings.Run = o.run
	d := demonstration(server, fit.Detectors{Dir: filepath.Join(data, "demo"), Settings: settings, Pictures: demo.FitCount, Log: log})
	missing := d.Load()
	ctx, cancel := context.WithCancel(ctx)
	var fitting sync.WaitGroup
	fitting.Go(func() { d.Fit(ctx, missing) })
	return func() { cancel(); fitting.Wait() }, nil
}

// demonstration shows the detectors on the server.
func demonstration(server *web.Server, d fit.Detectors) fit.Detectors {
	d.Show = func(s demo.Surface, m *detect.Model, file string) error {
		det, err := detector.Of(s.Name, file, m, d.Settings.Run)
		if err != nil {
			return err
		}
		det.Title, det.Note = s.Title, "Demonstration, fitted on synthetic pictures"
		if err := server.Install(det); err != nil {
			det.Close()
			return err
		}
		return nil
	}
	d.Tell = func(s demo.Surface, p fit.Progress) {
		w := web.Progress{
			What: fmt.Sprintf("Fitting the detector for %s (synthetic pictures)", strings.ToLower(s.Title)),
			Done: p.Percent, Total: 100, Left: cmp.Or(p.Left, -1), Ended: p.Ended,
		}
		if p.Err != nil {
			w.Failed = plain.Error(p.Err)
		}
		server.Tell("demo "+s.Name, w)
	}
	return d
}

// gallery is the demonstration's pictures as the server wants them.
type gallery struct{ *demo.Gallery }

// Pictures implements web.Gallery.
func (g gallery) Pictures() []web.Sample {
	var list []web.Sample
	for _, e := range g.Entries() {
		list = append(list, web.Sample{
			Name: e.Name, Title: e.Title, Detector: e.Surface, Kind: e.Kind, Size: prep.Size{W: demo.Side, H: demo.Side},
		})
	}
	return list
}

// File implements web.Gallery.
func (g gallery) File(name string, view web.View) ([]byte, bool) {
	switch view {
	case web.ViewMask:
		return g.Mask(name)
	case web.ViewThumbnail:
		return g.Thumb(name)
	}
	return g.Image(name)
}
