//go:build embedort

package ort

import _ "embed"

var (
	//go:embed embedded/linux_arm64/library.gz
	carriedGzip string
	//go:embed embedded/linux_arm64/library.sha256
	carriedSum string
)
