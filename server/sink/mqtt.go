package sink

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// patience is how long a broker may take to answer.
const patience = 15 * time.Second

// broker publishes verdicts with quality of service 1: acknowledged, perhaps twice. TOPIC/status is retained: online, or
// offline, which the broker itself says where the line is cut off.
type broker struct {
	shown, topic string
	client       paho.Client
	wait         time.Duration // for the connection

	mu   sync.Mutex
	why  error         // it is not connected; nil: it is
	lost chan struct{} // closed when the connection is
}

func openMQTT(s Spec) (*broker, error) {
	u, err := url.Parse(s.Address)
	if err != nil {
		return nil, err
	}
	b := &broker{shown: s.Shown(), topic: strings.Trim(u.Path, "/"), wait: patience, why: errors.New("it has not answered yet"), lost: make(chan struct{})}
	o := paho.NewClientOptions()
	host, scheme := u.Host, "tcp"
	if u.Scheme == "mqtts" {
		scheme = "ssl"
		c := &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
		if s.CA != "" {
			pem, err := os.ReadFile(s.CA)
			if err != nil {
				return nil, err
			}
			c.RootCAs = x509.NewCertPool()
			if !c.RootCAs.AppendCertsFromPEM(pem) {
				return nil, fmt.Errorf("%s holds no certificate: give a PEM file", s.CA)
			}
		}
		o.SetTLSConfig(c)
	}
	if u.Port() == "" {
		host += map[string]string{"tcp": ":1883", "ssl": ":8883"}[scheme]
	}
	o.AddBroker(scheme + "://" + host)
	if u.User != nil {
		password, _ := u.User.Password()
		o.SetUsername(u.User.Username()).SetPassword(password)
	}
	o.SetClientID("semirest-" + strings.ToLower(rand.Text()[:10])).SetCleanSession(true)
	o.SetConnectTimeout(patience).SetWriteTimeout(patience).SetKeepAlive(20 * time.Second).SetOrderMatters(false)
	o.SetConnectRetry(true).SetConnectRetryInterval(time.Second).SetMaxReconnectInterval(30 * time.Second)
	o.SetWill(b.topic+"/status", "offline", 1, true)
	o.SetOnConnectHandler(func(c paho.Client) {
		// Before this is acknowledged, paho may still be clearing away what the last connection left.
		t := c.Publish(b.topic+"/status", 1, true, "online")
		if t.WaitTimeout(patience) && t.Error() == nil {
			b.say(nil)
		}
	})
	o.SetConnectionLostHandler(func(_ paho.Client, err error) { b.say(fmt.Errorf("the connection was lost: %w", err)) })
	o.SetConnectionNotificationHandler(func(_ paho.Client, n paho.ConnectionNotification) {
		if failed, ok := n.(paho.ConnectionNotificationBrokerFailed); ok {
			b.say(failed.Reason)
		}
	})
	b.client = paho.NewClient(o)
	b.client.Connect() // it goes on trying
	return b, nil
}

func (b *broker) say(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.why == nil && err != nil {
		close(b.lost)
		b.lost = make(chan struct{})
	}
	b.why = err
}

// Send implements Sink.
func (b *broker) Send(ctx context.Context, m Message) error {
	text, err := body(m.Verdict)
	if err != nil {
		return err
	}
	lost, err := b.connected(ctx)
	if err != nil {
		return err
	}
	t := b.client.Publish(b.topic, 1, false, text)
	select {
	case <-t.Done():
		err = t.Error()
	case <-lost: // paho forgets what was not acknowledged
		err = errors.New("the connection was lost")
	case <-time.After(patience):
		err = fmt.Errorf("no acknowledgement within %s", patience)
	case <-ctx.Done():
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", b.shown, err)
	}
	return nil
}

// connected waits for the connection, which paho makes again by itself.
func (b *broker) connected(ctx context.Context) (lost <-chan struct{}, err error) {
	for end := time.Now().Add(b.wait); ; {
		b.mu.Lock()
		why, lost := b.why, b.lost
		b.mu.Unlock()
		if why == nil {
			return lost, nil
		}
		if time.Now().After(end) {
			return nil, fmt.Errorf("%s is not connected: %w", b.shown, why)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Close implements Sink. The line says that it goes.
func (b *broker) Close() error {
	if b.client.IsConnectionOpen() {
		b.client.Publish(b.topic+"/status", 1, true, "offline").WaitTimeout(time.Second)
	}
	b.client.Disconnect(250)
	return nil
}
