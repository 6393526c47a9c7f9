package source

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// answers is how long a camera may take to begin its answer.
const answers = 10 * time.Second

var camera = &http.Client{Transport: &http.Transport{
	Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: answers}).DialContext,
	TLSHandshakeTimeout: answers, ResponseHeaderTimeout: answers,
}}

// openMJPEG opens a stream of content type multipart/x-mixed-replace. A name and password in the address are sent as Basic.
func openMJPEG(ctx context.Context, address string) (feed, error) {
	ctx, stop := context.WithCancel(ctx)
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		stop()
		return nil, err
	}
	r, err := camera.Do(q)
	if err != nil {
		stop()
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // the address is said already, without its password
		}
		return nil, fmt.Errorf("%s cannot be reached: %w", redact(address), err)
	}
	end := func() error { stop(); return r.Body.Close() }
	if r.StatusCode != http.StatusOK {
		_ = end()
		return nil, fmt.Errorf("%s answers %s", redact(address), r.Status)
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") || params["boundary"] == "" {
		_ = end()
		return nil, fmt.Errorf("%s sends %q, not an MJPEG stream (multipart/x-mixed-replace)", redact(address), r.Header.Get("Content-Type"))
	}
	// Some cameras count the dashes before a boundary to its name.
	return newParts(r.Body, strings.TrimPrefix(params["boundary"], "--"), end), nil
}
