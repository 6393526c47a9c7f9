package weights

import (
	"bytes"
	_ "embed"
	"encoding/json"
)

//go:embed efficientnet_lite2.safetensors
var defaultBackbone []byte

//go:embed manifest.json
var manifest []byte

// DefaultBackbone is the name of the network whose weights are embedded.
const DefaultBackbone = "efficientnet_lite2"

// Default reads the embedded weights: EfficientNet-Lite2, ImageNet-1K, up to the end
// of its first stride-32 stage, parameter names as in its source. That stage's kernels
// are half floats.
func Default() (*Set, error) {
	return Read(bytes.NewReader(defaultBackbone), int64(len(defaultBackbone)))
}

// Source says where a weights file came from.
type Source struct {
	File       string `json:"file"`        // the result
	FileSHA256 string `json:"file_sha256"` // of the result
	Bytes      int64  `json:"bytes"`       // of the result
	Package    string `json:"package"`
	Version    string `json:"version"`
	Author     string `json:"author"`
	Licence    string `json:"licence"`
	URL        string `json:"url"`
	SHA256     string `json:"sha256"` // of the package's wheel
}

// Manifest lists the embedded files.
func Manifest() ([]Source, error) {
	var list []Source
	err := json.Unmarshal(manifest, &list)
	return list, err
}
