package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"semirest/frontend"
	"semirest/server/account"
	"semirest/server/demo"
	"semirest/server/detector"
	"semirest/server/host"
	"semirest/server/keep"
	"semirest/server/line"
	"semirest/server/memory"
	"semirest/server/ort"
	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/train"
	"semirest/server/web"
	"semirest/server/workshop"
	"semirest/shared/prep"
)

// serveOptions are the flags of semirest serve.
type serveOptions struct {
	models       []string
	addr         string
	run          ort.Options
	ortLib       string
	allowOrigins []string
	proxies      []string
	queue        int
	maxPixels    int64
	logLevel     string
	folders      keep.Folders
	auth         bool
	userRequests float64
	userGiB      float64
	demo         bool
	open         bool
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
		Example: "  semirest serve\n  semirest serve --model cloth.safetensors --model lids=lids-v2.safetensors --addr :8080",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.models, "model", nil, "model to serve, as FILE or NAME=FILE; may be given several times")
	f.StringVar(&o.addr, "addr", "localhost:8080", "address to listen on; :8080 is every address of this machine")
	f.BoolVar(&o.demo, "demo", true, "without --model, serve the demonstration")
	f.BoolVar(&o.open, "open", false, "open the page in the browser, where there is a screen; what semirest without arguments does")
	o.folders.Flags(f)
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
	proxies, err := host.Networks(o.proxies)
	if err != nil {
		return usageError{err}
	}
	if err := startRuntime(o.ortLib); err != nil {
		return err
	}
	memory.FitMachine(log)
	detectors, err := detector.Load(o.models, o.run)
	defer func() { // those that no server has taken over
		for _, d := range detectors {
			d.Close()
		}
	}()
	if err != nil {
		return err
	}
	listener, err := host.Listen(o.addr)
	if err != nil {
		if address := host.Address(o.addr, o.addr); o.open && host.Running(ctx, address) { // a second double click
			fmt.Fprintf(out, "SemiREST runs at %s already\n", address)
			host.OpenPage(out, address)
			return nil
		}
		return err
	}
	defer listener.Close()
	shop, err := openShop(ctx, o, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()

	c := web.Config{
		Version: version, Page: frontend.Handler(), Decode: decodePicture, Mask: picture.MaskFile, Ready: shop.Store.Ready, Room: picture.Room, MaskRoom: picture.MaskRoom, Proxies: proxies, AllowOrigins: o.allowOrigins, Queue: o.queue, Log: log,
		Limits:   prep.Limits{MaxSide: prep.DefaultLimits.MaxSide, MaxPixels: o.maxPixels},
		Accounts: shop.Accounts, Workshop: webWorkshop(shop),
	}
	showing := o.demo && len(o.models) == 0
	if showing {
		c.Gallery = gallery{demo.NewGallery()}
	}
	var scorer detector.Scorer
	watched, err := line.Open(ctx, filepath.Join(shop.Dir(), "line"), &scorer, line.Keep{}, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, watched.Close()) }()
	c.Line = &web.Line{Sources: line.PageSources{Line: watched}, Sinks: line.PageSinks{Line: watched}, Verdicts: line.PageVerdicts{Line: watched}}
	server, err := web.New(c)
	if err != nil {
		return err
	}
	scorer.Server = server
	for err == nil && len(detectors) > 0 {
		if err = server.Install(detectors[0]); err == nil {
			detectors = detectors[1:]
		}
	}
	if err == nil {
		err = shop.Start(ctx, pages{server, o.run})
	}
	if err == nil && showing {
		var stop func()
		if stop, err = startDemonstration(ctx, o, log, server); err == nil {
			defer stop()
		}
	}
	if err != nil {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return errors.Join(err, server.Stop(patience))
	}
	if err := watched.Start(ctx); err != nil {
		return errors.Join(err, server.Stop(ctx))
	}
	greet(ctx, out, shop)
	address := host.Address(o.addr, listener.Addr().String())
	fmt.Fprintf(out, "SemiREST is at %s\n", address)
	if o.open {
		host.OpenPage(out, address)
	}
	host.TellReady(ctx, log)
	return server.Serve(ctx, listener)
}

// tuneTraining changes the settings of every training run; tests make them small with it.
var tuneTraining func(*train.Config)

// openShop opens the workshop in the folder that the flags name.
func openShop(ctx context.Context, o *serveOptions, log *slog.Logger) (*workshop.Shop, error) {
	s, dir, err := o.folders.Open(ctx)
	if err != nil {
		return nil, err
	}
	return workshop.Open(s, dir, workshop.Options{
		Version: version, Run: o.run, Log: log, Tune: tuneTraining,
		Accounts: account.Options{
			Enabled: o.auth, Log: log,
			Requests: o.userRequests, Burst: int(math.Ceil(10 * o.userRequests)), BytesPerDay: int64(o.userGiB * (1 << 30)),
		},
	})
}

// greet says what is still to be done before people can sign in.
func greet(ctx context.Context, out io.Writer, shop *workshop.Shop) {
	if !shop.Accounts.Enabled() {
		return
	}
	people, err := shop.Accounts.Users(ctx)
	if err == nil && !slices.ContainsFunc(people, func(u project.User) bool { return u.Admin && !u.Blocked }) {
		fmt.Fprintf(out, "Nobody can manage this server yet: make an account with semirest user add NAME --admin --projects %s\n", shop.Dir())
	}
}
