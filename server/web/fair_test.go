package web

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"semirest/server/account"
	"semirest/shared/block"
	"semirest/shared/wire"
)

// gated scores nothing before it is opened, and then takes a little while for each crop, as detectors do.
type gated struct {
	brightness
	open chan struct{}
}

func (g *gated) Score(ctx context.Context, pixels []byte, origins []block.Cell) ([]block.Scores, error) {
	<-g.open
	time.Sleep(2 * time.Millisecond)
	return g.brightness.Score(ctx, pixels, origins)
}

// One person with 32 sockets, all of them full, and ten with one socket each share a detector: whoever has one socket
// gets at least four fifths of an equal share. make load prints who got what.
func TestNobodyStarves(t *testing.T) {
	const (
		crops  = 660 // scored in all
		others = 10
	)
	h := newHouse(t, account.Options{Requests: 1e6, Burst: 1e9, BytesPerDay: 1 << 50})
	sc := &gated{brightness: brightness{input: fakeInput}, open: make(chan struct{})}
	must(t, h.Install(fakeDetector("slow", sc)))
	people := []string{"greedy"}
	for i := range others {
		people = append(people, fmt.Sprint("worker ", i+1))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var total atomic.Int64
	scored := make([]atomic.Int64, len(people))
	var wg sync.WaitGroup
	for i, name := range people {
		h.add(name, false)
		sockets := 1
		if name == "greedy" {
			sockets = h.config.Sockets
		}
		for range sockets {
			conn, resp, err := websocket.DefaultDialer.Dial("ws"+h.http.URL[4:]+streamRoute, http.Header{"Authorization": {"Bearer " + h.tokens[name]}})
			if err != nil {
				t.Fatal(err, resp)
			}
			d := &dialer{t: t, conn: conn}
			d.Hello = next[wire.Hello](d)
			d.send(wire.Open{Request: 1, Detector: "slow"})
			desc := next[wire.Detector](d)
			wg.Go(func() {
				defer conn.Close()
				request := uint32(1)
				for range wire.Window {
					request++
					d.send(cropOf(desc, request, grey(1)))
				}
				for ctx.Err() == nil {
					m, err := d.receive()
					if err != nil {
						return
					}
					switch m.(type) {
					case wire.Scores:
						if total.Add(1) <= crops {
							scored[i].Add(1)
						} else {
							cancel()
						}
					case wire.Error: // busy: it is sent again, in a moment
						time.Sleep(5 * time.Millisecond)
					default:
						continue
					}
					request++
					if err := conn.WriteMessage(websocket.BinaryMessage, cropOf(desc, request, grey(1)).Append(nil)); err != nil {
						return
					}
				}
			})
		}
	}
	close(sc.open)
	wg.Wait()
	equal := int64(crops / len(people))
	for i, name := range people {
		got := scored[i].Load()
		t.Logf("%-10s %4d crops, %3d %% of an equal share", name, got, 100*got/equal)
		if i > 0 && got < equal*4/5 {
			t.Errorf("%s got %d of %d crops, an equal share is %d", name, got, crops, equal)
		}
	}
}
