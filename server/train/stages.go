package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"semirest/server/detect"
)

// detector fits the memory bank, or takes the one it was fitted on before.
func (r *run) detector(ctx context.Context) error {
	if r.cfg.Init != nil {
		copied := *r.cfg.Init // its tensors are not written to
		r.model = &copied
		return nil
	}
	path := filepath.Join(r.cfg.Dir, detectorFile)
	if r.cfg.Dir != "" && r.cfg.Resume {
		m, err := detect.Load(path)
		if err == nil {
			r.model = m
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	fit, err := r.cfg.WithProfile(ctx, r.source, r.report)
	if err != nil {
		return err
	}
	fit.Run = r.cfg.Run
	r.model, err = detect.Fit(ctx, fit, r.source, func(p detect.Progress) {
		r.report(Progress{Stage: p.Stage, Done: p.Done, Total: p.Total})
	})
	if err == nil && r.cfg.Dir != "" {
		err = r.model.Save(path)
	}
	return err
}

// gather makes the maps of all pictures, and takes the residuals' scale from the
// normal ones.
func (r *run) gather(ctx context.Context) error {
	for i := range r.phases {
		r.phases[i].see(len(r.model.Views))
	}
	last := &r.phases[len(r.phases)-1]
	g, err := newGatherer(last, r.model, r.source, r.cfg.Textures, r.cfg.Run)
	if err != nil {
		return err
	}
	defer g.close()
	r.settle(last.Settled)
	r.maps = newMaps(r.model)
	total := g.total()
	g.progress = func(done int) {
		r.report(Progress{Stage: StagePictures, Done: done, Total: total})
	}
	g.progress(0)
	if r.maps.Normal, err = g.normals(ctx); err != nil {
		return err
	}
	if r.maps.Simulated, err = g.simulated(ctx); err != nil {
		return err
	}
	if r.maps.Real, err = g.real(ctx); err != nil {
		return err
	}
	if r.held, err = g.heldOut(ctx); err != nil {
		return err
	}
	return r.maps.check()
}

// rescale takes the residuals' scale from the normal pictures.
func (r *run) rescale() error {
	last := r.phases[len(r.phases)-1]
	r.maps.Block = last.Block / 8
	if r.maps.Rows%r.maps.Block != 0 || r.maps.Cols%r.maps.Block != 0 {
		return fmt.Errorf("train: an input of %v pixels cannot be cut in blocks of %d", r.model.Input, last.Block)
	}
	init := r.cfg.Init
	trained := init != nil && init.Classifier != nil
	if trained && last.Disturbed == 0 { // nothing is to be measured
		r.scale = init.Classifier.Scale // the weights were trained on it
		return nil
	}
	r.maps.label(last.EpsPlus, last.EpsMinus)
	var err error
	r.scale, err = r.maps.Scale(r.maps.Normal, last.Residual, last.Level)
	if err == nil && trained {
		r.scale = init.Classifier.Scale
	}
	return err
}
