package line

import (
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"semirest/server/sink"
	"semirest/server/source"
)

// Help and Example are for people at a command line.
const (
	Help = `Watches sources until it is stopped: folders, whose new files are scored once
each, video files, MJPEG streams (http://) and RTSP (rtsp://). Each may have a
name, as NAME=ADDRESS. Videos and H.264 need ffmpeg on this machine.

Verdicts go to every --to: a folder (picture, overlay, JSON), a file that ends in
.csv or .jsonl, a webhook (https://), a broker (mqtt://host/topic, mqtts://).
What is down is told later, in order, at least once and under the same ID; what
was seen and who has still to be told is kept in --state, over restarts.`
	Example = "  semirest watch --model cloth.safetensors --to found/ camera=rtsp://10.0.0.7/stream\n" +
		"  semirest watch --model cloth.safetensors --to verdicts.csv --to mqtt://broker/line3 incoming/"
)

// Command is what semirest watch is asked for.
type Command struct {
	Sources []string // ADDRESS or NAME=ADDRESS
	To      []string // likewise
	Trigger string   // every, change, post, or milliseconds
	Sink    sink.Spec
	Keep    Keep
	Dir     string // what is kept
	Listen  string // address for POST /trigger/NAME and GET /status; "" for none
}

// Flags adds the command's flags.
func (c *Command) Flags(f *pflag.FlagSet) {
	f.StringArrayVar(&c.To, "to", nil, "whom to tell: a folder, FILE.csv, FILE.jsonl, https://, mqtt://host/topic or mqtts://, or NAME= before one; may be given several times")
	f.StringVar(&c.Trigger, "trigger", "every", "which frames of a camera: every, change, post, or one each so many milliseconds")
	f.StringVar(&c.Listen, "listen", "", "address that takes POST /trigger/NAME, for --trigger post, and GET /status")
	f.StringVar(&c.Dir, "state", "", "folder of what was seen and who has still to be told (default watch in the data folder)")
	f.StringVar(&c.Sink.Secret, "secret", "", "secret of a webhook's signature")
	f.StringVar(&c.Sink.CA, "ca", "", "PEM file of who vouches for an mqtts:// broker (default: who this machine trusts)")
	f.IntVar(&c.Sink.Days, "days", 0, "days that a folder of verdicts keeps; 0 for all")
	f.Float64Var(&c.Sink.GiB, "gib", 0, "GiB that a folder of verdicts keeps; 0 for all")
	f.Int64Var(&c.Sink.WaitMiB, "wait-mib", 1024, "MiB that may wait on the disk for each that is down; beyond it the oldest go, and are counted")
	f.IntVar(&c.Keep.Days, "keep-days", 30, "days of verdicts that --state keeps")
	f.Float64Var(&c.Keep.GiB, "keep-gib", 10, "GiB of verdicts and pictures that --state keeps")
}

// Check says what is wrong with the command, and gives what it describes.
func (c Command) Check() (sources []Source, sinks []sink.Spec, err error) {
	for _, text := range c.Sources {
		s := Source{Spec: source.Spec{Trigger: source.Trigger(c.Trigger)}}
		s.Name, s.Address = named(text)
		if ms, err := strconv.Atoi(c.Trigger); err == nil {
			s.Trigger, s.EveryMS = source.Interval, ms
		}
		if kind, err := s.Kind(); err == nil && kind == source.Folder {
			s.Trigger, s.EveryMS = source.Every, 0 // a folder beside a camera
			if s.Address, err = filepath.Abs(s.Address); err != nil {
				return nil, nil, err
			}
		}
		if err := s.Check(); err != nil {
			return nil, nil, err
		}
		sources = append(sources, s)
	}
	for _, text := range c.To {
		s := c.Sink
		s.Name, s.Address = named(text)
		if err := s.Check(); err != nil {
			return nil, nil, err
		}
		sinks = append(sinks, s)
	}
	return sources, sinks, nil
}

// named splits NAME=ADDRESS. Without a name it is the address's last part, or its host.
func named(text string) (name, address string) {
	name, address, ok := strings.Cut(text, "=")
	if ok && name != "" && !strings.ContainsAny(name, `/\:?`) {
		return name, address
	}
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		return u.Hostname(), text
	}
	return filepath.Base(text), text
}
