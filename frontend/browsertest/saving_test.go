package browsertest

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Two tabs draw on one picture: the later save is asked about, with both
// versions to look at, and nothing is lost.
func TestLabelConflict(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 0, 2, 0)
	p := pictures[0]
	one := labelled(t, w, p)
	two := one.beside(p)
	// The second tab draws while it is cut off, so that it cannot hear of the first.
	two.offline(true)
	two.drag([2]float64{200, 40}, [2]float64{280, 100})
	two.sum("1 shape")
	one.drag([2]float64{20, 30}, [2]float64{120, 110})
	one.savedAs(1)
	two.wait(`document.querySelector('.save-state').dataset.state === 'waiting'`)
	two.shot("label-offline")
	two.offline(false)
	two.click(".save-state") // try now
	two.wait(`document.querySelector('dialog.clash')?.open`)
	two.shot("label-conflict")
	if n := eval[int](two.tab, `document.querySelectorAll('dialog.clash .sheet-pane').length`); n != 3 {
		t.Errorf("%d versions are shown", n)
	}
	two.axe("conflict")
	two.press(kb.Escape) // later
	two.wait(`!document.querySelector('dialog.clash') && document.querySelector('.save-state').dataset.state === 'conflict'`)
	two.click(".save-state")
	two.wait(`document.querySelector('dialog.clash')?.open`)
	two.click("#merge-both")
	two.sum("2 shapes")
	two.savedAs(2)
	one.sum("2 shapes") // it heard
	// Theirs is taken: mine goes into the history.
	two.offline(true)
	two.drag([2]float64{20, 180}, [2]float64{60, 220})
	one.drag([2]float64{100, 180}, [2]float64{140, 220})
	one.savedAs(3)
	two.offline(false)
	two.wait(`['waiting', 'conflict'].includes(document.querySelector('.save-state').dataset.state)`)
	eval[bool](two.tab, `(document.querySelector('.save-state').disabled || document.querySelector('dialog.clash') || document.querySelector('.save-state').click(), true)`)
	two.wait(`document.querySelector('dialog.clash')?.open`)
	two.click("#take-theirs")
	two.savedAs(5)
	two.sum("3 shapes")
	history, err := w.store.History(t.Context(), p.ID)
	if err != nil || len(history) != 5 {
		t.Fatalf("%d revisions, %v", len(history), err)
	}
	for n, boxes := range map[uint64]int{1: 1, 2: 2, 3: 3, 4: 3, 5: 3} {
		for _, r := range history {
			if r.Revision == n && r.Boxes != boxes {
				t.Errorf("revision %d has %d boxes, not %d", n, r.Boxes, boxes)
			}
		}
	}
}

// Labels drawn without a connection are sent when there is one, also where the
// tab was closed or the page reloaded before.
func TestLabelOffline(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 0, 2, 0)
	p := pictures[0]
	l := labelled(t, w, p)
	l.offline(true)
	l.drag([2]float64{20, 30}, [2]float64{120, 110})
	l.wait(`document.querySelector('.save-state').dataset.state === 'waiting'`)
	if s, _ := w.stored(p); s != nil {
		t.Fatal("the server has what could not be sent")
	}
	l.press("u")
	l.wait(`document.querySelector('.label-title').textContent === 'plate 02.png'`)
	l.offline(false)
	l.wait(`document.querySelector('.save-state').textContent.startsWith('Saved') || document.querySelector('.label-strip button').dataset.state === 'marked'`)
	end := time.Now().Add(40 * time.Second)
	for s, _ := w.stored(p); s == nil; s, _ = w.stored(p) {
		if time.Now().After(end) {
			t.Fatal("the labels never arrived")
		}
		time.Sleep(50 * time.Millisecond)
	}
	// A tab that dies with unsent labels: the next one finds them.
	l.at("#/projects", "#work")
	l.at(labelHash(p), ".label-stage .sheet-pane")
	l.shown(p)
	l.sum("1 shape")
	l.offline(true)
	l.drag([2]float64{200, 150}, [2]float64{260, 210})
	l.wait(`document.querySelector('.save-state').dataset.state === 'waiting'`)
	l.offline(false)
	l.do(chromedp.Navigate("about:blank"))
	next := l.beside(p)
	next.sum("2 shapes")
	next.savedAs(2)
	if s, _ := w.stored(p); len(s.Shapes) != 2 {
		t.Errorf("the server holds %+v", s.Shapes)
	}
}
