//go:build embedort

package ort

import _ "embed"

var (
	//go:embed embedded/windows_amd64/library.gz
	carriedGzip string
	//go:embed embedded/windows_amd64/library.sha256
	carriedSum string
)
