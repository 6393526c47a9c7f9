package sink

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// webhook posts a verdict's JSON, signed as https://www.standardwebhooks.com says: any of its libraries checks it.
type webhook struct {
	spec   Spec
	client *http.Client
}

func openWebhook(s Spec) *webhook {
	return &webhook{s, &http.Client{
		Timeout: 15 * time.Second,
		// Who is told of a part is who was named, nobody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send implements Sink: whatever is not answered with 200 to 299 is sent again.
func (w *webhook) Send(ctx context.Context, m Message) error {
	text, err := body(m.Verdict)
	if err != nil {
		return err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, w.spec.Address, bytes.NewReader(text))
	if err != nil {
		return err
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Webhook-Id", m.Verdict.ID)
	q.Header.Set("Webhook-Timestamp", now)
	if w.spec.Secret != "" {
		q.Header.Set("Webhook-Signature", "v1,"+Sign(w.spec.Secret, m.Verdict.ID, now, text))
	}
	r, err := w.client.Do(q)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return fmt.Errorf("%s cannot be reached: %w", w.spec.Shown(), err)
	}
	defer r.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(r.Body, 300))
	if r.StatusCode < 200 || r.StatusCode > 299 {
		return fmt.Errorf("%s answers %s: %s", w.spec.Shown(), r.Status, bytes.TrimSpace(said))
	}
	return nil
}

// Sign is the signature of a webhook's message: HMAC-SHA256 of its ID, time and body, in base64. A secret that begins
// with whsec_ is base64, as that standard has it.
func Sign(secret, id, timestamp string, body []byte) string {
	key := []byte(secret)
	if rest, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if raw, err := base64.StdEncoding.DecodeString(rest); err == nil {
			key = raw
		}
	}
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s.%s.%s", id, timestamp, body)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Close implements Sink.
func (w *webhook) Close() error {
	w.client.CloseIdleConnections()
	return nil
}
