package main

import (
	"fmt"

	"semirest/server/detector"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/web"
	"semirest/server/workshop"
	"semirest/shared/prep"
)

// pages show the workshop's work on the server.
type pages struct {
	*web.Server
	run ort.Options
}

// Install implements workshop.Pages.
func (p pages) Install(of workshop.Detector) error {
	d := detector.Describe(project.DetectorName(of.Project.ID), string(of.Model.ID), &of.Spec)
	d.Title, d.Note, d.Batch = of.Project.Name, of.Model.Name, detector.Batch(p.run.Device)
	if t := of.Model.Threshold; t > 0 && t != 1 {
		d.Threshold *= t
		d.Method = fmt.Sprintf("chosen on the page: %.3g times the model's own (%s)", t, d.Method)
	}
	d.Scorer, d.Close = of.Scorer, of.Scorer.Close
	return p.Server.Install(d)
}

// Remove implements workshop.Pages.
func (p pages) Remove(of project.ID) { p.Server.Remove(project.DetectorName(of)) }

// webWorkshop is the workshop as the server wants it.
func webWorkshop(shop *workshop.Shop) *web.Workshop {
	return &web.Workshop{
		Projects: shop.Projects(), Pictures: shop.Store, Labels: shop.Store, Files: shop.Store, Models: shop.Models(),
		Training: shop.Loop, Exchange: shop, Advice: shop, Reports: shop, Spool: shop.Incoming(),
	}
}

// decodePicture implements web.Config.Decode.
func decodePicture(data []byte, l prep.Limits, depth prep.Depth) (prep.Size, []byte, error) {
	p, err := picture.DecodeDepth(data, l, depth)
	return p.Size, p.Pix, err
}
