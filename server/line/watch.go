package line

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"semirest/server/picture"
	"semirest/server/project"
	"semirest/server/source"
	"semirest/server/verdict"
)

// One is the only detector there is.
type One struct{ *verdict.Scorer }

// Score implements Scorer.
func (o One) Score(ctx context.Context, _ string, data []byte) (verdict.Verdict, picture.RGB, error) {
	return o.Scorer.Score(ctx, data)
}

// Watch does what the command says until ctx ends, or until videos alone are watched and all of them have ended and every
// sink has been told. It prints a line a verdict on out, and what fails on problems.
func Watch(ctx context.Context, c Command, s Scorer, out, problems io.Writer) (err error) {
	sources, sinks, err := c.Check()
	if err != nil {
		return err
	}
	l, err := Open(ctx, c.Dir, s, c.Keep, slog.New(slog.NewTextHandler(problems, nil)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := l.Only(ctx, sources, sinks); err != nil {
		return err
	}
	l.found = func(v verdict.Verdict) {
		if v.Error != "" {
			fmt.Fprintf(problems, "%s: %s: %s\n", v.Source, v.Image, v.Error)
			return
		}
		word := v.Word()
		if v.Defect {
			word = strings.ToUpper(word)
		}
		fmt.Fprintf(out, "%s\t%s\t%.3f\t%s\n", v.Source, v.Image, v.Score, word)
	}
	if c.Listen != "" {
		end, err := l.listen(c.Listen, out)
		if err != nil {
			return err
		}
		defer end()
	}
	if err := l.Start(ctx); err != nil {
		return err
	}
	said := map[string]string{}
	say := func(what, problem string) {
		if problem != "" && said[what] != problem {
			fmt.Fprintf(problems, "%s: %s\n", what, problem)
		}
		said[what] = problem
	}
	for {
		over := true
		for _, w := range l.Sources() {
			say(w.Name, w.Status.Error)
			over = over && w.Status.State == source.Ended
		}
		all, err := l.Sinks(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		for _, s := range all {
			if over = over && s.Queue.Verdicts == 0; s.Status.State == "waiting" {
				say(s.Name, fmt.Sprintf("%s (what it has not been told waits)", s.Status.Error))
			} else {
				say(s.Name, "")
			}
		}
		if over {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// listen answers POST /trigger/NAME, which a PLC's gateway sends, and GET /status.
func (l *Line) listen(address string, out io.Writer) (end func(), err error) {
	at, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /trigger/{name}", func(w http.ResponseWriter, r *http.Request) {
		err := l.Trigger(r.PathValue("name"))
		switch {
		case errors.Is(err, project.ErrNotFound):
			http.Error(w, "there is no such source", http.StatusNotFound)
		case err != nil:
			http.Error(w, err.Error(), http.StatusConflict)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		sinks, err := l.Sinks(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"sources": l.Sources(), "sinks": sinks})
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(at) }()
	fmt.Fprintf(out, "triggers are taken at http://%s/trigger/NAME\n", at.Addr())
	return func() { _ = s.Close() }, nil
}
