package main

import (
	"bytes"
	"slices"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// billOfMaterials lists the parts in CycloneDX's JSON. It has no serial number:
// two builds have equal bytes.
func billOfMaterials(parts []part, version, platform string, stamp time.Time) ([]byte, error) {
	self := cdx.Component{
		BOMRef: "semirest", Type: cdx.ComponentTypeApplication, Name: "semirest", Version: version,
		Description: "for " + platform, Licenses: terms([]string{"Apache-2.0"}),
	}
	var components []cdx.Component
	refs := []string{}
	for _, p := range parts {
		c := cdx.Component{BOMRef: p.name + "@" + p.version, Type: cdx.ComponentTypeLibrary, Name: p.name, Version: p.version, PackageURL: p.purl}
		if p.model {
			c.Type = cdx.ComponentTypeMachineLearningModel
		}
		if p.sha256 != "" {
			c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: p.sha256}}
		}
		var ids []string
		for _, l := range p.licences {
			if l.id != "" && !slices.Contains(ids, l.id) {
				ids = append(ids, l.id)
			}
		}
		c.Licenses = terms(ids)
		components = append(components, c)
		refs = append(refs, c.BOMRef)
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: stamp.Format(time.RFC3339), Component: &self}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: self.BOMRef, Dependencies: &refs}}
	var b bytes.Buffer
	e := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON)
	e.SetPretty(true)
	err := e.Encode(bom)
	return b.Bytes(), err
}

func terms(ids []string) *cdx.Licenses {
	var list cdx.Licenses
	for _, id := range ids {
		list = append(list, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	return &list
}
