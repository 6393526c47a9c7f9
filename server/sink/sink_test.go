package sink

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"image"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"
	"github.com/mochi-mqtt/server/v2/packets"

	"semirest/server/picture"
	"semirest/server/verdict"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// message is the verdict number n, with a picture below dir.
func message(t *testing.T, dir string, n int) Message {
	t.Helper()
	s := block.NewScores(block.For(64, 64, 8))
	s.Values[9] = 1.25
	v := verdict.Of(s, prep.Size{W: 64, H: 64})
	v.ID = fmt.Sprintf("%032d", n)
	v.Source, v.Image, v.Model, v.Version = "line", fmt.Sprintf("=part %d.png", n), "cloth", "abc"
	v.Time = time.Date(2026, 11, 28, 10, 0, n, 0, time.UTC)
	path := filepath.Join(dir, v.ID+".png")
	if err := picture.SavePNG(path, image.NewGray(image.Rect(0, 0, 64, 64))); err != nil {
		t.Fatal(err)
	}
	return Message{Verdict: v, Picture: path}
}

func openSink(t *testing.T, s Spec) Sink {
	t.Helper()
	to, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = to.Close() })
	return to
}

func send(t *testing.T, to Sink, m Message) {
	t.Helper()
	if err := to.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

func TestWebhook(t *testing.T) {
	var mu sync.Mutex
	var got []verdict.Verdict
	status := http.StatusServiceUnavailable
	key := base64.StdEncoding.EncodeToString([]byte("a key of somebody"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		text, _ := io.ReadAll(r.Body)
		want := "v1," + Sign("a key of somebody", r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), text)
		var v verdict.Verdict
		if err := json.Unmarshal(text, &v); err != nil || r.Header.Get("Webhook-Signature") != want || v.ID != r.Header.Get("Webhook-Id") {
			t.Errorf("%v, signature %q of %s", err, r.Header.Get("Webhook-Signature"), text)
		}
		if strings.Contains(string(text), "blocks") {
			t.Error("a webhook is sent every block's score")
		}
		if status == http.StatusOK {
			got = append(got, v)
		}
		w.WriteHeader(status)
		fmt.Fprint(w, "not now")
	}))
	defer server.Close()
	to := openSink(t, Spec{Name: "a", Address: server.URL + "/in", Secret: "whsec_" + key})
	m := message(t, t.TempDir(), 1)
	for _, bad := range []int{503, 404, 302} {
		mu.Lock()
		status = bad
		mu.Unlock()
		if err := to.Send(t.Context(), m); err == nil || !strings.Contains(err.Error(), fmt.Sprint(bad)) || !strings.Contains(err.Error(), "not now") {
			t.Errorf("%d: %v", bad, err)
		}
	}
	mu.Lock()
	status = http.StatusOK
	mu.Unlock()
	send(t, to, m)
	if len(got) != 1 || !got[0].Defect || got[0].Regions[0] != (verdict.Region{X0: 8, Y0: 8, X1: 16, Y1: 16, Score: 1.25}) {
		t.Errorf("%+v", got)
	}
	server.Close()
	if err := to.Send(t.Context(), m); err == nil || !strings.Contains(err.Error(), "cannot be reached") {
		t.Errorf("%v", err)
	}
}

// The value of another implementation: the example of https://www.standardwebhooks.com.
func TestSign(t *testing.T) {
	body := `{"test": 2432232314}`
	if got := Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(body)); got != "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("%s", got)
	}
}

// startBroker starts a broker at an address, "" for any; c: its TLS.
func startBroker(t *testing.T, at string, c *tls.Config) (address string, stop func()) {
	t.Helper()
	if at == "" {
		at = "127.0.0.1:0"
	}
	s := mqtt.New(&mqtt.Options{InlineClient: true})
	if err := s.AddHook(new(auth.AllowHook), nil); err != nil {
		t.Fatal(err)
	}
	l := listeners.NewTCP(listeners.Config{ID: "t", Address: at, TLSConfig: c})
	if err := s.AddListener(l); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve() }()
	var once sync.Once
	stop = func() { once.Do(func() { _ = s.Close() }) }
	t.Cleanup(stop)
	brokers.Store(l.Address(), s)
	return l.Address(), stop
}

var brokers sync.Map // by address

// listen collects what a broker is told on a topic.
func listen(t *testing.T, address, topic string) <-chan string {
	t.Helper()
	s, _ := brokers.Load(address)
	got := make(chan string, 100)
	if err := s.(*mqtt.Server).Subscribe(topic, 1, func(_ *mqtt.Client, _ packets.Subscription, p packets.Packet) { got <- string(p.Payload) }); err != nil {
		t.Fatal(err)
	}
	return got
}

func hear(t *testing.T, got <-chan string, want string) string {
	t.Helper()
	select {
	case s := <-got:
		if !strings.Contains(s, want) {
			t.Errorf("the broker is told %q, not %q", s, want)
		}
		return s
	case <-time.After(20 * time.Second):
		t.Fatalf("the broker is told nothing, not %q", want)
		return ""
	}
}

// hearLast waits for a status; that it is online may be said more than once before, as
// messages are that are told at least once.
func hearLast(t *testing.T, got <-chan string, want string) {
	t.Helper()
	end := time.After(20 * time.Second)
	for {
		select {
		case s := <-got:
			if strings.Contains(s, want) {
				return
			}
			if !strings.Contains(s, "online") {
				t.Fatalf("the broker is told %q before %q", s, want)
			}
		case <-end:
			t.Fatalf("the broker is never told %q", want)
		}
	}
}

func TestMQTT(t *testing.T) {
	address, stop := startBroker(t, "", nil)
	verdicts, status := listen(t, address, "plant/line3"), listen(t, address, "plant/line3/status")
	to := openSink(t, Spec{Name: "a", Address: "mqtt://" + address + "/plant/line3"})
	m := message(t, t.TempDir(), 1)
	send(t, to, m)
	hear(t, status, "online")
	hear(t, verdicts, `"id":"00000000000000000000000000000001"`)
	// The broker goes away and comes again: what it missed is said by nobody but the line, which is told so.
	stop()
	to.(*broker).wait = 100 * time.Millisecond
	if err := to.Send(t.Context(), m); err == nil || !strings.Contains(err.Error(), "connect") {
		t.Errorf("%v", err)
	}
	startBroker(t, address, nil)
	verdicts, status = listen(t, address, "plant/line3"), listen(t, address, "plant/line3/status")
	to.(*broker).wait = patience
	send(t, to, m)
	hear(t, status, "online")
	hear(t, verdicts, "0001")
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	hearLast(t, status, "offline")
	// Retained: who comes later hears it too.
	hear(t, listen(t, address, "plant/line3/status"), "offline")
}

// A line that is cut off cannot say that it goes: its broker does.
func TestMQTTLastWill(t *testing.T) {
	address, _ := startBroker(t, "", nil)
	proxy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	cut := make(chan struct{})
	go func() {
		in, err := proxy.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(out, in) }()
		go func() { _, _ = io.Copy(in, out) }()
		<-cut
		in.Close()
		out.Close()
	}()
	status := listen(t, address, "line/status")
	to := openSink(t, Spec{Name: "a", Address: "mqtt://" + proxy.Addr().String() + "/line"})
	send(t, to, message(t, t.TempDir(), 1))
	hear(t, status, "online")
	proxy.Close()
	close(cut)
	hear(t, status, "offline")
}

func TestMQTTOverTLS(t *testing.T) {
	cert, authority := selfSigned(t)
	address, _ := startBroker(t, "", &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	verdicts := listen(t, address, "line")
	to := openSink(t, Spec{Name: "a", Address: "mqtts://" + address + "/line", CA: authority})
	send(t, to, message(t, t.TempDir(), 1))
	hear(t, verdicts, "0001")
	stranger := openSink(t, Spec{Name: "a", Address: "mqtts://" + address + "/line"})
	stranger.(*broker).wait = 500 * time.Millisecond
	if err := stranger.Send(t.Context(), message(t, t.TempDir(), 2)); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a broker that nobody vouches for: %v", err)
	}
}

// selfSigned is a certificate of 127.0.0.1 and the file of who vouches for it.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// files below a folder.
func files(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(at string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, at)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestFolder(t *testing.T) {
	dir, from := t.TempDir(), t.TempDir()
	to := openSink(t, Spec{Name: "a", Address: dir})
	m := message(t, from, 1)
	send(t, to, m)
	send(t, to, m) // told again, it is there once
	id := m.Verdict.ID
	if got := files(t, dir); !slices.Equal(got, []string{"2026-11-28/" + id + ".json", "2026-11-28/" + id + ".png", "2026-11-28/" + id + "_overlay.png"}) {
		t.Errorf("files %q", got)
	}
	bad := message(t, from, 2)
	bad.Verdict = verdict.Verdict{ID: bad.Verdict.ID, Time: bad.Verdict.Time, Error: "the file is empty"}
	send(t, to, bad)
	text, err := os.ReadFile(filepath.Join(dir, "2026-11-28", bad.Verdict.ID+".json"))
	if err != nil || !strings.Contains(string(text), `"score": null`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestFolderKeepsItsLimits(t *testing.T) {
	from := t.TempDir()
	ages := func(dir string, to *folder) (left []string) {
		for n := range 10 {
			m := message(t, from, n)
			send(t, to, m)
			at := time.Now().Add(-time.Duration(10-n) * 24 * time.Hour)
			for _, f := range files(t, dir) {
				if strings.Contains(f, m.Verdict.ID) {
					if err := os.Chtimes(filepath.Join(dir, f), at, at); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "notes.txt"), bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := to.sweep(); err != nil {
			t.Fatal(err)
		}
		for _, f := range files(t, dir) {
			if strings.HasSuffix(f, ".json") {
				left = append(left, strings.TrimLeft(strings.TrimSuffix(filepath.Base(f), ".json"), "0"))
			}
		}
		if got := files(t, dir); len(got) != 3*len(left)+1 {
			t.Errorf("files %q: those of a picture go together, others stay", got)
		}
		return left
	}
	dir := t.TempDir()
	if got := ages(dir, openSink(t, Spec{Name: "a", Address: dir, Days: 4}).(*folder)); !slices.Equal(got, []string{"7", "8", "9"}) {
		t.Errorf("of the last 4 days: %q", got)
	}
	dir = t.TempDir()
	f := openSink(t, Spec{Name: "a", Address: dir}).(*folder)
	send(t, f, message(t, from, 1))
	for _, name := range files(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		f.bytes += info.Size()
	}
	f.bytes = f.bytes*2 + f.bytes/2 // room for two
	if got := ages(dir, f); !slices.Equal(got, []string{"8", "9"}) {
		t.Errorf("with room for two: %q", got)
	}
}

func TestTables(t *testing.T) {
	for _, name := range []string{"verdicts.csv", "verdicts.jsonl"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "new", name)
			to := openSink(t, Spec{Name: "a", Address: path})
			send(t, to, message(t, t.TempDir(), 1))
			if err := to.Close(); err != nil {
				t.Fatal(err)
			}
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(f, `000002,half a line that a kill -9 left`)
			f.Close()
			to = openSink(t, Spec{Name: "a", Address: path})
			send(t, to, message(t, t.TempDir(), 2))
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "half") || !strings.HasSuffix(string(text), "\n") {
				t.Errorf("%s", text)
			}
			if filepath.Ext(name) == ".jsonl" {
				if n := strings.Count(string(text), "\n"); n != 2 {
					t.Errorf("%d lines", n)
				}
				return
			}
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\ufeff"))).ReadAll()
			if err != nil || len(rows) != 3 || rows[2][0] != fmt.Sprintf("%032d", 2) || rows[1][3] != "'=part 1.png" || rows[1][4] != "defect" || rows[1][11] != "8.0" {
				t.Errorf("%v, %q", err, rows)
			}
		})
	}
}

func TestWrongSinks(t *testing.T) {
	text := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(text, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Name: "a"}, "needs an address"},
		{Spec{Address: "x"}, "needs a name"},
		{Spec{Name: "a", Address: "mqtt://host"}, "names no topic"},
		{Spec{Name: "a", Address: "mqtt://me:secret@host/a/#/"}, "names no topic"},
		{Spec{Name: "a", Address: "ftp://host/x"}, "ftp://"},
		{Spec{Name: "a", Address: "https://"}, "no address"},
		{Spec{Name: "a", Address: "x", WaitMiB: -1}, "MiB"},
		{Spec{Name: "a", Address: text + "/below"}, "file"},
		{Spec{Name: "a", Address: "mqtts://host/x", CA: text}, "no certificate"},
	} {
		if to, err := Open(c.spec); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", c.spec, err)
			if err == nil {
				_ = to.Close()
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := openSink(t, Spec{Name: "a", Address: "mqtt://127.0.0.1:1/x"}).Send(ctx, Message{}); err == nil {
		t.Error("a sink that is not there was told")
	}
}
