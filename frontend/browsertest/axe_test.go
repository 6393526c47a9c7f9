package browsertest

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

//go:embed testdata/axe/axe.min.js.gz
var axePacked []byte

func axeSource(t *testing.T) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(axePacked))
	if err != nil {
		t.Fatal(err)
	}
	source, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// axe fails the test for every serious or critical violation that axe-core finds
// on the page as it stands, and for controls that the Tab key does not reach.
func (b *tab) axe(screen string) {
	b.t.Helper()
	if !eval[bool](b, `!!window.axe`) {
		eval[bool](b, axeSource(b.t)+"; true")
	}
	found := eval[[]string](b, `axe.run(document, {resultTypes: ['violations']}).then(r => r.violations
		.filter(v => v.impact === 'serious' || v.impact === 'critical')
		.flatMap(v => v.nodes.map(n => v.id + ' (' + v.impact + '): ' + v.help + ': ' + n.target.join(' ') + ': ' + n.failureSummary.replace(/\s+/g, ' '))))`)
	for _, f := range found {
		b.t.Errorf("%s: %s", screen, f)
	}
	for _, e := range eval[[]string](b, `[...document.querySelectorAll('a[href], button, select, input, textarea, [role="button"], [role="slider"]')]
		.filter(e => e.checkVisibility() && !e.disabled && e.tabIndex < 0 && !e.classList.contains('away')).map(e => e.outerHTML)`) {
		b.t.Errorf("%s: the keyboard does not reach %s", screen, e)
	}
}

// Every control is named and reached, as axe-core and the Tab key see it; what
// happens is told to those who do not see it.
func TestLabelAccessible(t *testing.T) {
	w := newWorkbench(t, false)
	pr, pictures := w.project("plates", 1, 3, 0)
	if err := w.serve(pr); err != nil {
		t.Fatal(err)
	}
	w.truth(pictures[1], spotAt(1))
	l := labelled(t, w, pictures[1])
	l.wait(`document.querySelector('.truth')?.checkVisibility() && document.querySelector('.heat-rows').checkVisibility()`)
	told := func(part string) {
		t.Helper()
		l.wait(fmt.Sprintf(`document.querySelector('.labelling > .hide[role=status]').textContent.includes(%q)`, part))
	}
	l.axe("label")
	l.press("c")
	told("Added: box")
	l.press(kb.ArrowRight)
	told("1 of 1.")
	l.press("p")
	l.axe("label, with a proposal")
	l.press("x", "x", kb.Escape, "n")
	told("Normal: no defect.")
	l.dark(true)
	l.axe("label, dark")
	l.press("?")
	l.wait(`document.querySelector('.label-help').open`)
	l.axe("label, help")
	l.press(kb.Escape, "t")
	l.wait(`!document.querySelector('.truth').checkVisibility()`)
	// From the picture, Escape and Tab lead to the controls, and around.
	eval[bool](l.tab, `(document.querySelector('.sheet-pane').focus(), true)`)
	seen := map[string]bool{}
	l.press(kb.Escape)
	for range 60 {
		l.press(kb.Tab)
		seen[eval[string](l.tab, `document.activeElement.title || document.activeElement.textContent || document.activeElement.id`)] = true
	}
	for _, want := range []string{"Zoom in (+)", "This picture is normal (N)", "Box (B)", "Next unlabelled (U)"} {
		if !seen[want] {
			t.Errorf("the Tab key does not reach %q; it reached %d controls", want, len(seen))
		}
	}
	// Where one stands is drawn.
	if !eval[bool](l.tab, `getComputedStyle(document.activeElement).outlineStyle !== 'none'`) {
		t.Error("the focus is not seen")
	}
}
