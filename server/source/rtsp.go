package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/description"
	"github.com/bluenviron/gortsplib/v5/pkg/format"
	"github.com/pion/rtp"
)

// rtsp is a session with a camera. MJPEG comes as it is; H.264 goes through ffmpeg.
type rtsp struct {
	client *gortsplib.Client
	frames chan Frame
	ended  chan struct{} // closed when ffmpeg or the session has
	err    error         // why; set before ended is closed
	stop   context.CancelFunc
	ffmpeg *parts
	n      int
}

// openRTSP plays a stream over TCP: on a line a late frame is better than half a one.
func openRTSP(ctx context.Context, address string) (_ feed, err error) {
	u, err := base.ParseURL(address)
	if err != nil {
		return nil, fmt.Errorf("%q is no address: %w", redact(address), err)
	}
	tcp := gortsplib.ProtocolTCP
	f := &rtsp{
		client: &gortsplib.Client{Scheme: u.Scheme, Host: u.Host, Protocol: &tcp, ReadTimeout: answers, WriteTimeout: answers},
		frames: make(chan Frame, 1), ended: make(chan struct{}),
	}
	ctx, f.stop = context.WithCancel(ctx)
	defer func() {
		if err != nil {
			f.stop()
		}
	}()
	if err := f.client.Start(); err != nil {
		return nil, fmt.Errorf("%s cannot be reached: %w", redact(address), err)
	}
	context.AfterFunc(ctx, f.client.Close)
	desc, _, err := f.client.Describe(u)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be reached: %w", redact(address), err)
	}
	media, listen, err := f.prepare(ctx, desc)
	if err != nil {
		return nil, err
	}
	if _, err = f.client.Setup(desc.BaseURL, media, 0, 0); err == nil {
		listen()
		_, err = f.client.Play(nil)
	}
	if err != nil {
		return nil, fmt.Errorf("%s does not play: %w", redact(address), err)
	}
	if f.ffmpeg == nil {
		go f.end(f.client.Wait)
	}
	return f, nil
}

// prepare chooses what to play and how its packets become frames; listen is called once it is set up.
func (f *rtsp) prepare(ctx context.Context, desc *description.Session) (_ *description.Media, listen func(), err error) {
	var mjpeg *format.MJPEG
	if media := desc.FindFormat(&mjpeg); media != nil {
		decoder, err := mjpeg.CreateDecoder()
		if err != nil {
			return nil, nil, err
		}
		onPacket := func(p *rtp.Packet) {
			if data, err := decoder.Decode(p); err == nil { // else a packet of several, or one of a frame whose start was missed
				f.n++
				f.offer(Frame{Name: fmt.Sprintf("frame %d", f.n), Data: data, Time: time.Now()})
			}
		}
		return media, func() { f.client.OnPacketRTP(media, mjpeg, onPacket) }, nil
	}
	var h264 *format.H264
	media := desc.FindFormat(&h264)
	if media == nil {
		offered := "nothing"
		for _, m := range desc.Medias {
			for _, one := range m.Formats {
				offered = one.Codec()
			}
		}
		return nil, nil, fmt.Errorf("the camera offers %s: set it to H.264 or MJPEG", offered)
	}
	decoder, err := h264.CreateDecoder()
	if err != nil {
		return nil, nil, err
	}
	in, packets := io.Pipe()
	f.ffmpeg, err = startFFmpeg(ctx, in, []string{
		"-fflags", "nobuffer", "-flags", "low_delay", "-threads", "1", "-probesize", "32", "-analyzeduration", "0", "-f", "h264", "-i", "pipe:0",
	}, nil)
	if err != nil {
		return nil, nil, err
	}
	context.AfterFunc(ctx, func() { _ = packets.Close() })
	go f.end(func() error {
		defer packets.Close()
		for {
			frame, err := f.ffmpeg.Next(ctx)
			if err != nil {
				return err
			}
			f.offer(frame)
		}
	})
	units := [][]byte{h264.SPS, h264.PPS} // they may come in the description only
	onPacket := func(p *rtp.Packet) {
		more, err := decoder.Decode(p)
		if err != nil {
			return // a packet of several, or one of a frame whose start was missed
		}
		for _, unit := range append(units, more...) {
			if len(unit) > 0 {
				_, _ = packets.Write(append([]byte{0, 0, 0, 1}, unit...)) // where ffmpeg has gone, end says so
			}
		}
		units = nil
	}
	return media, func() { f.client.OnPacketRTP(media, h264, onPacket) }, nil
}

// end notes how the stream ended.
func (f *rtsp) end(run func() error) {
	f.err = run()
	if errors.Is(f.err, io.EOF) {
		f.err = io.ErrUnexpectedEOF
	}
	close(f.ended)
}

// offer hands a frame to Next, in place of one that nobody took.
func (f *rtsp) offer(frame Frame) {
	for {
		select {
		case f.frames <- frame:
			return
		default:
		}
		select {
		case <-f.frames:
		default:
		}
	}
}

// Next implements feed.
func (f *rtsp) Next(ctx context.Context) (Frame, error) {
	select {
	case frame := <-f.frames:
		return frame, nil
	case <-f.ended:
		return Frame{}, f.err
	case <-ctx.Done():
		return Frame{}, ctx.Err()
	}
}

// Close implements feed.
func (f *rtsp) Close() error {
	f.stop()
	if f.ffmpeg != nil {
		_ = f.ffmpeg.Close()
	}
	<-f.ended
	return nil
}
