package web

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// fill queues tasks named "owner number" for a detector.
func fill(t *testing.T, q *queue, det *served, owner string, n int) {
	t.Helper()
	for i := range n {
		if _, err := q.push(&task{det: det, owner: owner, pixels: fmt.Appendf(nil, "%s%d", owner, i)}); err != nil {
			t.Fatal(err)
		}
	}
}

// batching is a detector whose runs take n crops.
func batching(n int) *served { return &served{Detector: Detector{Batch: n}} }

func names(batch []*task) string {
	var s []string
	for _, t := range batch {
		s = append(s, string(t.pixels))
	}
	return strings.Join(s, " ")
}

func TestTheQueueTakesTurns(t *testing.T) {
	q, det := newQueue(100), new(served)
	fill(t, q, det, "a", 4)
	fill(t, q, det, "b", 2)
	fill(t, q, det, "c", 1)
	var got []string
	for q.len() > 0 {
		got = append(got, names(q.pop()))
	}
	if want := "a0 b0 c0 a1 b1 a2 a3"; strings.Join(got, " ") != want {
		t.Errorf("order %v, want %s", got, want)
	}
}

func TestABatchHoldsOneDetectorAndTakesTurns(t *testing.T) {
	q, x, y := newQueue(100), batching(3), batching(3)
	fill(t, q, x, "a", 3)
	fill(t, q, y, "b", 2)
	fill(t, q, x, "c", 1)
	for _, want := range []string{"a0 c0 a1", "b0 b1", "a2"} {
		if got := names(q.pop()); got != want {
			t.Errorf("batch %q, want %q", got, want)
		}
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	q, det := newQueue(2), &served{}
	fill(t, q, det, "a", 1)
	fill(t, q, det, "c", 1)
	one := &task{det: det, owner: "b"}
	if _, err := q.push(one); !errors.Is(err, errBusy) {
		t.Errorf("third task: %v", err)
	}
	q.pop()
	if _, err := q.push(one); err != nil {
		t.Errorf("after one left: %v", err)
	}
	if !q.remove(one) || q.remove(one) || q.len() != 1 {
		t.Error("a task could not be taken out exactly once")
	}
	q.close()
	if _, err := q.push(one); !errors.Is(err, errStopping) {
		t.Errorf("closed: %v", err)
	}
	if got := names(q.pop()); got != "c0" {
		t.Errorf("a closed queue gave %q, want what was in it", got)
	}
	if q.pop() != nil {
		t.Error("a closed, empty queue gave a task")
	}
}

// In a full queue the longest line makes room for a shorter one, last come first, until they are of one length.
func TestTheLongestLineIsRefused(t *testing.T) {
	q, det := newQueue(6), &served{}
	fill(t, q, det, "greedy", 5)
	fill(t, q, det, "b", 1)
	var refused []string
	push := func(owner string) error {
		x, err := q.push(&task{det: det, owner: owner})
		if x != nil {
			refused = append(refused, string(x.pixels))
		}
		return err
	}
	for i, owner := range []string{"new", "b", "new"} {
		if err := push(owner); err != nil {
			t.Errorf("%d, of %s: %v", i, owner, err)
		}
	}
	for _, owner := range []string{"greedy", "b", "new"} { // two each
		if err := push(owner); !errors.Is(err, errBusy) {
			t.Errorf("one more of %s: %v", owner, err)
		}
	}
	if got := strings.Join(refused, " "); got != "greedy4 greedy3 greedy2" || q.len() != 6 {
		t.Errorf("refused %s, %d wait", got, q.len())
	}
}

func TestPopWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(2)
		got := make(chan []*task)
		go func() { got <- q.pop() }()
		synctest.Wait()
		fill(t, q, &served{}, "a", 1)
		if batch := <-got; names(batch) != "a0" {
			t.Errorf("popped %q", names(batch))
		}
	})
}

// TestQueueAgainstAPlainModel runs random operations against the simplest correct queue: one list, searched.
func TestQueueAgainstAPlainModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		q := newQueue(12)
		det := []*served{batching(3), batching(3)}
		var model []*task // of all owners, in order of arrival
		var turn []string // owners with tasks, next first
		for i := range 100 {
			switch op := r.IntN(5); {
			case op < 3:
				owner := string(rune('a' + r.IntN(4)))
				x := &task{det: det[r.IntN(2)], owner: owner, pixels: fmt.Append(nil, i)}
				lengths := map[string]int{}
				for _, o := range model {
					lengths[o.owner]++
				}
				long := 0
				for _, n := range lengths {
					long = max(long, n)
				}
				refused, err := q.push(x)
				if full := len(model) >= 12; (full && long < lengths[owner]+2) != (err != nil) || (full && err == nil) != (refused != nil) {
					t.Fatalf("round %d: %d wait, %v, and push of %s says %v, %v", round, len(model), lengths, owner, refused, err)
				}
				if refused != nil {
					k := slices.Index(model, refused)
					if later := slices.ContainsFunc(model[k+1:], func(o *task) bool { return o.owner == refused.owner }); later || lengths[refused.owner] != long {
						t.Fatalf("round %d: of %v one of %s was refused, a later one of whom waits: %v", round, lengths, refused.owner, later)
					}
					model = slices.Delete(model, k, k+1)
				}
				if err == nil {
					model = append(model, x)
					if !slices.Contains(turn, owner) {
						turn = append(turn, owner)
					}
				}
			case op == 3 && len(model) > 0:
				k := r.IntN(len(model))
				x := model[k]
				model = slices.Delete(model, k, k+1)
				if !q.remove(x) {
					t.Fatalf("round %d: a waiting task was not there", round)
				}
				if !slices.ContainsFunc(model, func(o *task) bool { return o.owner == x.owner }) {
					turn = slices.DeleteFunc(turn, func(o string) bool { return o == x.owner })
				}
			case op == 4 && len(model) > 0:
				want := popModel(&model, &turn, 3)
				if got := q.pop(); !slices.Equal(got, want) {
					t.Fatalf("round %d: popped %q, want %q", round, names(got), names(want))
				}
			}
			if q.len() != len(model) {
				t.Fatalf("round %d: length %d, want %d", round, q.len(), len(model))
			}
		}
	}
}

func popModel(model *[]*task, turn *[]string, most int) (batch []*task) {
	for len(batch) < most {
		found := false
		for i, owner := range *turn {
			k := slices.IndexFunc(*model, func(o *task) bool { return o.owner == owner })
			x := (*model)[k]
			if len(batch) > 0 && x.det != batch[0].det {
				continue
			}
			batch = append(batch, x)
			*model = slices.Delete(*model, k, k+1)
			*turn = slices.Delete(*turn, i, i+1)
			if slices.ContainsFunc(*model, func(o *task) bool { return o.owner == owner }) {
				*turn = append(*turn, owner)
			}
			found = true
			break
		}
		if !found {
			break
		}
	}
	return batch
}
