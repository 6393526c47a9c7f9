package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"semirest/frontend"
	"semirest/server/detect"
	"semirest/server/job"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/server/web"
	"semirest/shared/prep"
	"semirest/shared/wire"
)

// serveOptions are the flags of semirest serve.
type serveOptions struct {
	models       []string
	addr         string
	dataDir      string
	run          ort.Options
	ortLib       string
	allowOrigins []string
	proxies      []string
	queue        int
	maxPixels    int64
	logLevel     string
	store        storeOptions
	auth         bool
	userRequests float64
	userGiB      float64
	demo         bool
}

func newServeCmd() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve [--model [NAME=]FILE]...",
		Short: "Serve the page and score the pictures that are dropped on it",
		Long: `Serves detectors, the page that uses them, and the JSON API that
/api/v1/openapi.yaml describes. A detector is called NAME, or after its file.

Without --model it serves the demonstration: two detectors of synthetic
pictures, fitted when they are first needed and kept in the data folder.

It also keeps projects, in which people label pictures and train detectors on
them: see --projects. A project's detector is called project/ID.

It listens on this machine only, unless --addr says otherwise. Without --auth
there is no login: whoever reaches the address may score pictures, and whoever
is on this machine may do everything. With --auth people sign in; make the first
account with semirest user add.`,
		Example: "  semirest serve\n  semirest serve --model bottle.safetensors --model lids=lids-v2.safetensors --addr :8080",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.models, "model", nil, "model to serve, as FILE or NAME=FILE; may be given several times")
	f.StringVar(&o.addr, "addr", "localhost:8080", "address to listen on; :8080 is every address of this machine")
	f.StringVar(&o.dataDir, "data-dir", "", "folder for what the server keeps (default $XDG_DATA_HOME/semirest or ~/.local/share/semirest)")
	f.BoolVar(&o.demo, "demo", true, "without --model, serve the demonstration")
	storeFlags(f, &o.store)
	f.BoolVar(&o.auth, "auth", false, "people sign in, and may do what their accounts say")
	f.Float64Var(&o.userRequests, "user-requests", 50, "requests a second that one person may send over time, ten seconds' worth at once")
	f.Float64Var(&o.userGiB, "user-gib", 64, "GiB a day that one person may send")
	runFlags(f, &o.run, &o.ortLib)
	f.StringArrayVar(&o.allowOrigins, "allow-origin", nil, "web page origin that may use the server besides its own, as https://name; may be given several times")
	f.StringArrayVar(&o.proxies, "trust-proxy", nil, "address or network of a proxy in front, as 127.0.0.1 or 10.0.0.0/8, whose X-Forwarded-For is believed; may be given several times")
	f.IntVar(&o.queue, "queue", 64, "crops that may wait before the server answers 'busy'")
	f.Int64Var(&o.maxPixels, "max-pixels", prep.DefaultLimits.MaxPixels, "largest picture, width times height")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	return cmd
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, o *serveOptions, out, logs io.Writer) (err error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return fmt.Errorf("--log-level %q: give debug, info, warn or error", o.logLevel)
	}
	log := slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: level}))
	if o.queue < 1 {
		return fmt.Errorf("--queue %d: give 1 or more", o.queue)
	}
	if o.maxPixels < 1 || o.maxPixels > 1<<32 {
		return fmt.Errorf("--max-pixels %d: give a number from 1 to %d", o.maxPixels, int64(1)<<32)
	}
	if !(o.userRequests > 0 && o.userRequests < 1e6) {
		return fmt.Errorf("--user-requests %g: give a number above 0 and below a million", o.userRequests)
	}
	if !(o.userGiB > 0 && o.userGiB < 1<<20) {
		return fmt.Errorf("--user-gib %g: give a number above 0 and below a million", o.userGiB)
	}
	proxies, err := networks(o.proxies)
	if err != nil {
		return err
	}
	if err := startRuntime(o.ortLib); err != nil {
		return err
	}
	detectors, err := loadDetectors(o.models, o.run)
	if err != nil {
		return err
	}
	listener, err := listen(o.addr)
	if err != nil {
		return errors.Join(err, closeDetectors(detectors))
	}
	defer listener.Close()
	shop, err := openWorkshop(ctx, o, log)
	if err != nil {
		return errors.Join(err, closeDetectors(detectors))
	}
	defer func() { err = errors.Join(err, shop.close()) }()

	c := web.Config{
		Version: version, Page: frontend.Handler(), Decode: decodePicture, Proxies: proxies, AllowOrigins: o.allowOrigins, Queue: o.queue, Log: log,
		Limits:   prep.Limits{MaxSide: prep.DefaultLimits.MaxSide, MaxPixels: o.maxPixels},
		Accounts: shop.accounts, Workshop: shop.web(),
	}
	var server *web.Server // set before the first job is submitted
	jobs := job.New(ctx, 1, 16, func(i job.Info) { server.Tell("job "+i.ID, jobProgress(i)) })
	c.Jobs = jobs
	showing := o.demo && len(o.models) == 0
	if showing {
		c.Gallery = newGallery()
	}
	if server, err = web.New(c); err != nil {
		return errors.Join(err, closeDetectors(detectors))
	}
	for _, d := range detectors {
		if err := server.Install(d); err != nil {
			return err
		}
	}
	if err := shop.start(ctx, server); err != nil {
		return err
	}
	if showing {
		if err := startDemonstration(o, log, server, jobs); err != nil {
			return err
		}
	}
	shop.greet(ctx, out)
	fmt.Fprintf(out, "SemiREST is at %s\n", pageAddress(o.addr, listener.Addr()))
	err = server.Serve(ctx, listener)
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return cmp.Or(err, jobs.Close(patience))
}

// networks reads the values of --trust-proxy.
func networks(texts []string) (out []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if addr, bad := netip.ParseAddr(text); bad == nil {
			p, err = addr.WithZone("").Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, usageError{fmt.Errorf("--trust-proxy %q: give an address or a network, as 127.0.0.1 or 10.0.0.0/8", text)}
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// startDemonstration serves the demonstration's detectors, of which jobs fit those that are not there yet.
func startDemonstration(o *serveOptions, log *slog.Logger, server *web.Server, jobs *job.Queue) error {
	data, err := dataDir(o.dataDir)
	if err != nil {
		return err
	}
	d, err := newDemonstration(filepath.Join(data, "demo"), o.run, log, server.Install)
	if err != nil {
		return err
	}
	return d.start(jobs)
}

// loadDetectors reads the models of the --model flags.
func loadDetectors(models []string, run ort.Options) (list []web.Detector, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeDetectors(list))
			list = nil
		}
	}()
	named := make(map[string]string)
	for _, flag := range models {
		name, path, ok := strings.Cut(flag, "=")
		if !ok || strings.ContainsAny(name, `/\`) { // a path may hold a '=' too
			path = flag
			name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		}
		if other, twice := named[name]; twice {
			return list, fmt.Errorf("--model %s: %s is called %q too; name one of them, as --model NAME=%s", flag, other, name, path)
		}
		named[name] = path
		m, err := detect.Load(path)
		if err != nil {
			return list, fmt.Errorf("--model %s: %w", flag, err)
		}
		d, err := webDetector(name, path, m, run)
		if err != nil {
			return list, fmt.Errorf("--model %s: %w", flag, err)
		}
		list = append(list, d)
	}
	return list, nil
}

func closeDetectors(list []web.Detector) error {
	for _, d := range list {
		d.Close()
	}
	return nil
}

// webDetector makes a model ready to be served. path is its file, "" for one that could not be saved.
func webDetector(name, path string, m *detect.Model, run ort.Options) (web.Detector, error) {
	scorer, err := detect.NewScorer(m, run)
	if err != nil {
		return web.Detector{}, err
	}
	id := fmt.Sprintf("unsaved-%d", m.Provenance.Created.UnixNano())
	if path != "" {
		if id, err = fileID(path); err != nil {
			return web.Detector{}, errors.Join(err, scorer.Close())
		}
	}
	d := describeDetector(name, id, m)
	d.Batch = batchOn(scorer.Device())
	d.Scorer = scorer
	d.Close = func() { _ = scorer.Close() } // nothing can be done about a session that does not close
	return d, nil
}

// batchOn is the most crops in one run on a device. On a processor runs of several do not pay: see web.Detector.
func batchOn(device string) int {
	if device == ort.CUDA {
		return 8
	}
	return 1
}

// describeDetector is all of a detector but what runs it.
func describeDetector(name, id string, m *detect.Model) web.Detector {
	kind := wire.Distance
	if m.Supervision != "none" {
		kind = wire.Probability
	}
	return web.Detector{
		Name: name, Model: id, Preset: m.Preset, Supervision: m.Supervision, Created: m.Provenance.Created,
		Input: m.Input, Tile: m.Tile, Block: m.Block, Kind: kind,
		Threshold: m.Threshold.Value, FalseAlarms: m.Threshold.FalseAlarmRate,
		Method: fmt.Sprintf("%g %% false alarms, %s of %d normal pictures", 100*m.Threshold.FalseAlarmRate, m.Threshold.Method, m.Threshold.Images),
	}
}

// fileID tells one model file from another: the head of its SHA-256.
func fileID(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// listen opens the server's address; the error says what to do.
func listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s; stop it, or choose another address with --addr", addr)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("this user may not listen on %s; choose a port above 1023 with --addr", addr)
	case err != nil:
		return nil, fmt.Errorf("--addr %s: %w", addr, err)
	}
	return l, nil
}

// pageAddress is what to type into a browser: the name as given, the port as it became.
func pageAddress(asked string, got net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	_, port, err2 := net.SplitHostPort(got.String())
	if err != nil || err2 != nil {
		return "http://" + got.String()
	}
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// dataDir is where the server keeps what it makes.
func dataDir(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if base := os.Getenv("XDG_DATA_HOME"); base != "" {
		return filepath.Join(base, "semirest"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no home folder to keep data in (%w); name one with --data-dir", err)
	}
	return filepath.Join(home, ".local", "share", "semirest"), nil
}

func decodePicture(data []byte, l prep.Limits) (prep.Size, []byte, error) {
	p, err := picture.Decode(data, l)
	return p.Size, p.Pix, err
}

// jobProgress shows a job to the people at the page.
func jobProgress(i job.Info) web.Progress {
	p := web.Progress{What: i.Name, Done: i.Progress.Done, Total: i.Progress.Total, Left: -1, Ended: i.State.Ended(), Failed: i.Err}
	if i.Progress.Left > 0 {
		p.Left = i.Progress.Left
	}
	return p
}
