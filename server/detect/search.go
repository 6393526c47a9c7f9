package detect

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"semirest/models/graph"
	"semirest/server/ort"
	"semirest/shared/block"
)

// Extractor computes the PCFs of crops, for training. It is safe for concurrent
// use and must be closed.
type Extractor struct{ runner }

// NewExtractor makes the model's features ready to be computed.
func NewExtractor(m *Model, o ort.Options) (*Extractor, error) {
	r, err := newRunner(m, Features, o)
	if err != nil {
		return nil, err
	}
	return &Extractor{r}, nil
}

// Features returns each view's PCFs, [n, rows*cols, d] over its grid, of n = len(origins)
// crops; pixels and origins are as for Scorer.Score.
func (e *Extractor) Features(ctx context.Context, pixels []byte, origins []block.Cell) ([][]float32, error) {
	return e.features(ctx, pixels, origins)
}

// Found are the nearest bank rows of some features, nearest first.
type Found struct {
	K       int       // Neighbours, or fewer where the bank has fewer rows
	Rows    []int32   // [q, K], rows of the bank
	Squared []float32 // [q, K], squared Euclidean distances, from the difference itself
}

// Searcher finds nearest bank rows in each view's bank. It is safe for concurrent use and
// must be closed.
type Searcher struct{ views []searcher }

// searcher searches one view's bank.
type searcher struct {
	bank    searchBank
	images  []int32
	session *ort.Session
}

// outOfReach is the bias of a row that is left out of a search: far below any
// product, and finite, so that it stays a number in the runtime's arithmetic.
const outOfReach = -1e30

// NewSearcher makes the model's banks ready for searches.
func NewSearcher(m *Model, o ort.Options) (*Searcher, error) {
	s := &Searcher{}
	for i := range m.Views {
		v, err := newSearcher(m.Banks[i], m.Views[i].Feature.Dim, o)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.views = append(s.views, v)
	}
	return s, nil
}

func newSearcher(bank Bank, d int, o ort.Options) (searcher, error) {
	s := newSearchBank(bank.Rows, d)
	g, err := graph.Build("nearest", func(b *graph.Builder) {
		f := b.Input("feature", graph.Float32, -1, s.d)
		bias := b.Input("bias", graph.Float32, s.rows)
		bank := b.F32("bank", s.centred, s.rows, s.d)
		squared, rows := s.nearest(b, b.Sub(f, b.F32("mean", s.mean, s.d)), bank, bias, min(Neighbours, s.rows))
		b.Output("squared", squared)
		b.Output("rows", b.Cast(rows, graph.Int32))
	})
	if err != nil {
		return searcher{}, fmt.Errorf("detect: %w", err)
	}
	session, err := open(g, o)
	return searcher{s, bank.Image, session}, err
}

// Close frees the sessions.
func (s *Searcher) Close() error {
	var errs []error
	for _, v := range s.views {
		errs = append(errs, v.session.Close())
	}
	return errors.Join(errs...)
}

// Search finds the nearest bank rows of a view's features [q, d] each, leaving out the rows
// that came from the images of exclude: a normal image's own rows, or those of
// the source of a simulated or pasted defect (METHOD section 3). It is an error
// when that leaves fewer than K rows.
func (s *Searcher) Search(ctx context.Context, features [][]float32, exclude ...int32) ([]Found, error) {
	if len(features) != len(s.views) {
		panic("detect: features do not fit the views")
	}
	out := make([]Found, len(features))
	for i, f := range features {
		var err error
		if out[i], err = s.views[i].search(ctx, f, exclude); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *searcher) search(ctx context.Context, features []float32, exclude []int32) (Found, error) {
	d := s.bank.d
	if len(features)%d != 0 {
		panic("detect: features do not fit the bank's dimension")
	}
	q, k := len(features)/d, min(Neighbours, s.bank.rows)
	bias := s.bank.bias
	if len(exclude) > 0 {
		bias = slices.Clone(bias)
		left := s.bank.rows
		for i, id := range s.images {
			if slices.Contains(exclude, id) {
				bias[i] = outOfReach
				left--
			}
		}
		if left < k {
			return Found{}, fmt.Errorf("detect: without the image's own rows the bank has %d of %d left: train on more images", left, s.bank.rows)
		}
	}
	out := Found{K: k, Rows: make([]int32, q*k), Squared: make([]float32, q*k)}
	for at := 0; at < q; at += chunk {
		n := min(chunk, q-at)
		err := s.session.RunInto(ctx,
			ort.Feeds{"feature": ort.Of(features[at*d:(at+n)*d], n, d), "bias": ort.Of(bias, len(bias))},
			ort.Feeds{"squared": ort.Of(out.Squared[at*k:(at+n)*k], n, k), "rows": ort.Of(out.Rows[at*k:(at+n)*k], n, k)})
		if err != nil {
			return Found{}, fmt.Errorf("detect: %w", err)
		}
	}
	return out, nil
}
