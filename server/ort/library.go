package ort

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	onnxruntime "github.com/yalue/onnxruntime_go"
)

// Version is the ONNX Runtime this project pins and tests with. Any later one
// that still serves its C API, version 24, does too.
const Version = "1.30.0"

// EnvLibrary names the environment variable with the library's path.
const EnvLibrary = "SEMIREST_ORT_LIB"

// ErrLibrary is wrapped by every error that means 'no usable ONNX Runtime library'.
var ErrLibrary = errors.New("no usable ONNX Runtime library")

// remedy is what every such error tells the user to do.
func remedy() string {
	name := "name one with --ort-lib or " + EnvLibrary
	if inside.gzip != "" {
		return name // nobody has this program's Makefile
	}
	return "run 'make ort' to install it, or " + name
}

func fileName() string {
	switch runtime.GOOS {
	case "darwin":
		return "libonnxruntime.dylib"
	case "windows":
		return "onnxruntime.dll"
	}
	return "libonnxruntime.so"
}

// cacheDir is ${XDG_CACHE_HOME:-~/.cache}/semirest/ort.
func cacheDir() (string, error) {
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" || !filepath.IsAbs(cache) { // the XDG specification says to ignore relative ones
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("ort: find the cache folder: %w", err)
		}
		cache = filepath.Join(home, ".cache")
	}
	return filepath.Join(cache, "semirest", "ort"), nil
}

// CachePath is where `make ort` installs the library:
// ${XDG_CACHE_HOME:-~/.cache}/semirest/ort/VERSION/libonnxruntime.so.
func CachePath() (string, error) {
	cache, err := cacheDir()
	return filepath.Join(cache, Version, fileName()), err
}

// Locate returns the path of the library: explicit (the --ort-lib flag) if
// given, else $SEMIREST_ORT_LIB, else the one inside this program, which it
// unpacks into the cache at first, else CachePath. It checks that the file is a
// shared library of this system; the error, which wraps ErrLibrary, says what to do.
func Locate(explicit string) (string, error) {
	path, source := explicit, "--ort-lib"
	if path == "" {
		path, source = os.Getenv(EnvLibrary), EnvLibrary
	}
	if path == "" && inside.gzip != "" {
		path, err := inside.unpack()
		if err != nil {
			return "", fmt.Errorf("ort: %w: %w, or %s", ErrLibrary, err, remedy())
		}
		return path, nil
	}
	if path == "" {
		var err error
		if path, err = CachePath(); err != nil {
			return "", fmt.Errorf("%w: %w", ErrLibrary, err)
		}
		source = "cache"
	}
	if err := checkLibrary(path); err != nil {
		return "", fmt.Errorf("ort: %w: %s (from %s): %w; %s", ErrLibrary, path, source, err, remedy())
	}
	return path, nil
}

// magic numbers of shared libraries: ELF, Mach-O (64 bit, and universal), PE.
var magics = []string{"\x7fELF", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "MZ"}

// checkLibrary looks at the file's head: the dynamic linker's own words for a
// text file ("invalid ELF header") or an empty one ("file too short") help nobody.
func checkLibrary(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("no such file")
	}
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 4)
	if n, err := io.ReadFull(f, head); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("not a shared library: the file has only %d bytes", n)
		}
		return err // a folder, say
	}
	for _, m := range magics {
		if strings.HasPrefix(string(head), m) {
			return nil
		}
	}
	return errors.New("not a shared library")
}

var loaded struct {
	sync.Mutex
	path string
}

// Init loads the library at path (see Locate). Later calls with the same path
// do nothing; another path is an error, as the library cannot be changed while
// the process lives. The error wraps ErrLibrary.
func Init(path string) error {
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.path != "" {
		if loaded.path != path {
			return fmt.Errorf("ort: %s is loaded already; %s cannot be loaded beside it", loaded.path, path)
		}
		return nil
	}
	if err := checkLibrary(path); err != nil {
		return fmt.Errorf("ort: %w: %s: %w; %s", ErrLibrary, path, err, remedy())
	}
	// ONNX Runtime 1.30 measures its use: it keeps a device's number in the cache
	// folder and sends to Microsoft. Nothing of this program goes to anybody.
	if err := os.Setenv("ORT_DISABLE_TELEMETRY", "1"); err != nil {
		return fmt.Errorf("ort: %w", err)
	}
	onnxruntime.SetSharedLibraryPath(path)
	if err := onnxruntime.InitializeEnvironment(onnxruntime.WithLogLevelError()); err != nil {
		return fmt.Errorf("ort: %w: %s: %s; %s", ErrLibrary, path, explain(err), remedy())
	}
	loaded.path = path
	return nil
}

// explain puts the wrapper's loading errors into words.
func explain(err error) string {
	s := err.Error()
	switch {
	case strings.Contains(s, "Error setting ORT API base"):
		return "its version is too old: ONNX Runtime 1.24 or later is needed, " + Version + " is tested"
	case strings.Contains(s, "OrtGetApiBase"):
		return "it is a shared library, but not ONNX Runtime"
	case strings.Contains(s, "failed to map segment"):
		return "the folder is mounted so that nothing in it may run (noexec); name another with XDG_CACHE_HOME"
	case strings.Contains(s, "libstdc++.so.6: cannot open"), strings.Contains(s, "libgcc_s.so.1: cannot open"):
		return "it needs the C++ library of the system: install libstdc++6 (Debian, Ubuntu) or libstdc++ (Fedora)"
	case strings.Contains(s, "specified module could not be found"):
		return "it needs Microsoft's Visual C++ runtime: install vc_redist.x64.exe, 2015 to 2022"
	}
	return s
}

// LibraryVersion returns the loaded library's version, or "" before Init.
func LibraryVersion() string {
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.path == "" {
		return ""
	}
	return onnxruntime.GetVersion()
}
