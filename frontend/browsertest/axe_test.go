package browsertest

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"testing"
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
