// Command fetch brings the ONNX Runtime library into the cache folder, once.
//
// It calls the ordinary client of a package registry (pip, or npm where there is
// no pip), takes the shared library out of the package, checks it against a
// pinned SHA-256 and renames it into place. Nothing is fetched when the library
// is already there and its checksum is right, so the product itself never needs
// a network.
//
//	go run ./server/ort/fetch           # the processor library
//	go run ./server/ort/fetch --cuda    # the CUDA 13 libraries (pip only, 250 MB)
//	go run ./server/ort/fetch --embed windows/amd64
//
// The last makes the library ready to go into a program for that system: see embed.go.
//
// The path of the library is the only thing printed on standard output.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// Version is the pinned release of ONNX Runtime. server/ort looks for the
// library under the same number.
const Version = "1.30.0"

func main() {
	cuda := flag.Bool("cuda", false, "fetch the CUDA libraries instead (Linux x86-64, pip only)")
	cache := flag.String("cache", "", "cache folder (default: the user's cache folder, semirest/ort)")
	platform := flag.String("embed", "", "make the library of this system, as linux/arm64, ready to be built into a program (pip only)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	get := func() (string, error) { return fetch(ctx, *cache, *cuda) }
	if *platform != "" {
		get = func() (string, error) { return embed(ctx, filepath.Join("server", "ort", "embedded"), *platform) }
	}
	path, err := get()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fetch:", err)
		os.Exit(1)
	}
	fmt.Println(path)
}

// fetch makes sure that every library of the wanted flavour lies in the cache
// and returns the path of the one to load.
func fetch(ctx context.Context, cache string, cuda bool) (string, error) {
	dir, err := cacheDir(cache, cuda)
	if err != nil {
		return "", err
	}
	platform := runtime.GOOS + "/" + runtime.GOARCH
	sources := processor[platform]
	if cuda {
		sources = accelerated[platform]
	}
	if len(sources) == 0 {
		return "", fmt.Errorf("no pinned library for %s: put one of ONNX Runtime %s there yourself and name it with SEMIREST_ORT_LIB or --ort-lib", platform, Version)
	}
	if path, ok := installed(dir, sources); ok {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	var failures []error
	for _, s := range sources {
		if err := s.install(ctx, dir); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", s.client, err))
			continue
		}
		return filepath.Join(dir, s.files[0].as), nil
	}
	return "", fmt.Errorf("ONNX Runtime %s could not be fetched (%v); install pip or npm, or name a library with SEMIREST_ORT_LIB", Version, failures)
}

func cacheDir(cache string, cuda bool) (string, error) {
	if cache == "" {
		base := os.Getenv("XDG_CACHE_HOME")
		if base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("no home folder for the cache: %w", err)
			}
			base = filepath.Join(home, ".cache")
		}
		cache = filepath.Join(base, "semirest", "ort")
	}
	if cuda {
		return filepath.Join(cache, Version+"-cuda"), nil
	}
	return filepath.Join(cache, Version), nil
}
