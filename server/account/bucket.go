package account

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxBuckets bounds the memory of rate limits: about 100 bytes each.
const maxBuckets = 1 << 16

// buckets are rate limits of one kind, by key. A bucket that has filled up again is as good as none, so those are what is
// forgotten when there are too many; if none has, the keys nearest to it are, which costs whoever makes up keys more
// than it gains them: their own are the emptiest.
type buckets struct {
	burst int
	rate  rate.Limit // tokens a second
	max   int

	mu    sync.Mutex
	byKey map[string]*rate.Limiter
}

func newBuckets(burst int, perSecond float64) *buckets {
	return &buckets{burst: burst, rate: rate.Limit(perSecond), max: maxBuckets, byKey: make(map[string]*rate.Limiter)}
}

// every is a rate of one token each d.
func every(d time.Duration) float64 { return 1 / d.Seconds() }

// of returns the bucket of a key, full if it is new.
func (b *buckets) of(key string, now time.Time) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.byKey[key]
	if l == nil {
		if len(b.byKey) >= b.max {
			b.forget(now)
		}
		l = rate.NewLimiter(b.rate, b.burst)
		b.byKey[key] = l
	}
	return l
}

// forget drops the full buckets, or where that frees less than an eighth, the fuller half; b.mu is held.
func (b *buckets) forget(now time.Time) {
	before := len(b.byKey)
	for key, l := range b.byKey {
		if l.TokensAt(now) >= float64(b.burst) {
			delete(b.byKey, key)
		}
	}
	if before-len(b.byKey) >= before/8 {
		return
	}
	mean := 0.0
	for _, l := range b.byKey {
		mean += l.TokensAt(now) / float64(len(b.byKey))
	}
	for key, l := range b.byKey {
		if l.TokensAt(now) >= mean {
			delete(b.byKey, key)
		}
	}
}

// take takes n tokens of a key, or none and says how long to wait for them. More than a bucket holds never come.
func (b *buckets) take(key string, n int, now time.Time) (wait time.Duration) {
	if n <= 0 || b.of(key, now).AllowN(now, n) {
		return 0
	}
	return b.wait(key, n, now)
}

// wait says how long it is until a key has n tokens: 0 if it has them. It takes none.
func (b *buckets) wait(key string, n int, now time.Time) time.Duration {
	missing := float64(n) - b.of(key, now).TokensAt(now)
	if missing <= 0 {
		return 0
	}
	if n > b.burst || b.rate <= 0 {
		return math.MaxInt64
	}
	return time.Duration(math.Ceil(missing / float64(b.rate) * float64(time.Second)))
}
