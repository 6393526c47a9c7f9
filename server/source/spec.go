package source

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Kind is what a source is.
type Kind string

// The kinds.
const (
	Folder Kind = "folder"
	Video  Kind = "video"
	MJPEG  Kind = "mjpeg" // over HTTP
	RTSP   Kind = "rtsp"
)

// Live tells whether frames come whether or not they are taken.
func (k Kind) Live() bool { return k == MJPEG || k == RTSP }

// Trigger says which frames are taken.
type Trigger string

// The triggers. A folder has only Every: each of its files is a picture that somebody wanted.
const (
	Every    Trigger = "every"    // every frame
	Interval Trigger = "interval" // one each so many milliseconds
	Change   Trigger = "change"   // when the picture is another than the last one taken
	Post     Trigger = "post"     // the next frame after Watch.Trigger, which a PLC's gateway asks for
)

// Spec says where pictures come from and which of them are wanted.
type Spec struct {
	Name    string  `json:"name"`               // unique on the line
	Address string  `json:"address"`            // a folder, a video file, or http://, https://, rtsp://, rtsps://
	Trigger Trigger `json:"trigger,omitempty"`  // "" is Every
	EveryMS int     `json:"every_ms,omitempty"` // of Interval
	// Change: the mean difference in grey levels, of 255, from the last picture taken; 0 is 4.
	Change float64 `json:"change,omitempty"`
}

// videoEndings are of files that are given to ffmpeg.
var videoEndings = []string{".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mjpeg", ".mjpg", ".h264", ".wmv", ".gif"}

// Kind tells what the address is of, or what is wrong with it.
func (s Spec) Kind() (Kind, error) {
	scheme, _, remote := strings.Cut(s.Address, "://")
	if remote {
		u, err := url.Parse(s.Address)
		if err != nil || u.Host == "" {
			return "", fmt.Errorf("%q is no address: write it as rtsp://camera/path", redact(s.Address))
		}
		switch scheme {
		case "http", "https":
			return MJPEG, nil
		case "rtsp", "rtsps":
			return RTSP, nil
		}
		return "", fmt.Errorf("addresses of kind %s:// are not watched: give a folder, a video file, http:// (MJPEG) or rtsp://", scheme)
	}
	info, err := os.Stat(s.Address)
	switch {
	case err != nil:
		return "", err
	case info.IsDir():
		return Folder, nil
	case slices.Contains(videoEndings, strings.ToLower(filepath.Ext(s.Address))):
		return Video, nil
	}
	return "", fmt.Errorf("%s is neither a folder nor a video file: give a folder, a video file, http:// (MJPEG) or rtsp://", s.Address)
}

// Check says what is wrong with the source as it is described. A folder that is not there is an error; a camera that
// does not answer is not: it may later.
func (s Spec) Check() error {
	if s.Name == "" || len(s.Name) > 120 {
		return fmt.Errorf("a source needs a name of 1 to 120 bytes")
	}
	kind, err := s.Kind()
	if err != nil {
		return err
	}
	switch s.Trigger {
	case "", Every:
	case Interval:
		if s.EveryMS < 1 || s.EveryMS > 24*3600*1000 {
			return fmt.Errorf("an interval of %d ms: give 1 to 86400000", s.EveryMS)
		}
	case Change:
		if !(s.Change >= 0 && s.Change <= 255) {
			return fmt.Errorf("a change of %g: give 0 to 255 grey levels", s.Change)
		}
	case Post:
		if kind == Video {
			return fmt.Errorf("a video file has no next frame to wait for: its frames are there already")
		}
	default:
		return fmt.Errorf("the trigger %q is not known: every, interval, change or post", s.Trigger)
	}
	if kind == Folder && s.Trigger != "" && s.Trigger != Every {
		return fmt.Errorf("every file of a folder is taken: the trigger %q is for cameras", s.Trigger)
	}
	return nil
}

func (s Spec) interval() time.Duration { return time.Duration(s.EveryMS) * time.Millisecond }

// Shown is the address without its password.
func (s Spec) Shown() string { return redact(s.Address) }

func redact(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	return u.Redacted()
}
