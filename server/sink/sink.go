package sink

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"semirest/server/verdict"
)

// Message is what a sink is told of one picture.
type Message struct {
	Verdict verdict.Verdict
	Picture string // path of the picture's file; "" where it is not kept
}

// Sink is told of verdicts. Send returns nil once the message is out of this program's hands for good: acknowledged by
// who takes it, or on the disk. It is called by one goroutine.
type Sink interface {
	Send(ctx context.Context, m Message) error
	Close() error
}

// Spec describes a sink.
type Spec struct {
	Name    string  `json:"name"`               // unique on the line
	Address string  `json:"address"`            // https://, mqtt://host/topic, mqtts://, a file .csv or .jsonl, or a folder
	Secret  string  `json:"secret,omitempty"`   // of a webhook's signature
	CA      string  `json:"ca,omitempty"`       // PEM file of who vouches for a broker; "": those of the machine
	Days    int     `json:"days,omitempty"`     // a folder keeps so many; 0: all
	GiB     float64 `json:"gib,omitempty"`      // a folder keeps so much; 0: all
	WaitMiB int64   `json:"wait_mib,omitempty"` // what may wait on the disk while it is down; 0: 1024
}

// Limit is what may wait, in bytes.
func (s Spec) Limit() int64 {
	if s.WaitMiB == 0 {
		return 1 << 30
	}
	return s.WaitMiB << 20
}

// Shown is the address without its password.
func (s Spec) Shown() string {
	u, err := url.Parse(s.Address)
	if err != nil || u.User == nil {
		return s.Address
	}
	return u.Redacted()
}

// Check says what is wrong with the sink as it is described.
func (s Spec) Check() error {
	if s.Name == "" || len(s.Name) > 120 {
		return fmt.Errorf("a sink needs a name of 1 to 120 bytes")
	}
	if s.Address == "" {
		return fmt.Errorf("a sink needs an address: https://, mqtt://broker/topic, a file that ends in .csv or .jsonl, or a folder")
	}
	if s.WaitMiB < 0 || s.WaitMiB > 1<<20 {
		return fmt.Errorf("%d MiB that may wait: give 1 to %d, or 0 for 1024", s.WaitMiB, 1<<20)
	}
	if s.Days < 0 || !(s.GiB >= 0) {
		return fmt.Errorf("a folder keeps days and GiB from 0, which is all")
	}
	scheme, _, remote := strings.Cut(s.Address, "://")
	if !remote {
		return nil
	}
	u, err := url.Parse(s.Address)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%q is no address: write it as https://host/path or mqtt://broker/topic", s.Shown())
	}
	switch scheme {
	case "http", "https":
	case "mqtt", "mqtts":
		if topic := strings.Trim(u.Path, "/"); topic == "" || strings.ContainsAny(topic, "#+") || u.Fragment != "" {
			return fmt.Errorf("%s names no topic: write it as mqtt://broker/line3/verdicts, without # and +", s.Shown())
		}
	default:
		return fmt.Errorf("addresses of kind %s:// take no verdicts: give https://, mqtt:// or mqtts://, a file that ends in .csv or .jsonl, or a folder", scheme)
	}
	return nil
}

// Open opens the sink. One that does not answer yet is no error; a folder or a file that cannot be made is.
func Open(s Spec) (Sink, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	scheme, _, _ := strings.Cut(s.Address, "://")
	switch {
	case scheme == "http" || scheme == "https":
		return openWebhook(s), nil
	case scheme == "mqtt" || scheme == "mqtts":
		return openMQTT(s)
	case verdict.CheckTable(s.Address) == nil:
		return openTable(s.Address)
	}
	return openFolder(s)
}

// body is a message's JSON: the verdict without the score of every block.
func body(v verdict.Verdict) ([]byte, error) {
	v.Rows, v.Cols, v.Blocks, v.GreyTop = 0, 0, nil, 0
	return json.Marshal(v)
}
