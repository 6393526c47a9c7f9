package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"semirest/shared/annot"
)

// A region grows from clicks: one click on the defect, one on what is none, one taken back; it is accepted as a box, as
// blocks and as pixels, and the server holds each.
func TestLabelClicks(t *testing.T) {
	w := newWorkbench(t, false)
	_, pictures := w.project("plates", 1, 3, 0)
	p := pictures[1]
	l := labelled(t, w, p)
	l.press("k")
	l.wait(`document.querySelector('.label-stage').dataset.tool === 'clicks'`)
	region := `document.querySelector('.label-panel .region .sum').textContent`
	l.clickAt(108, 107)
	l.wait(region + `.startsWith('1 click, ')`)
	first := eval[string](l.tab, region)
	l.click(`.label-panel .region button:nth-child(2)`) // not a defect
	l.clickAt(160, 160)
	l.wait(region + `.startsWith('2 clicks, ')`)
	l.shot("label-clicks")
	l.pressCtrl("z")
	l.wait(region + ` === ` + fmt.Sprintf("%q", first))
	l.sum("Not labelled") // nothing of it is a label yet
	l.pressCtrl("b")
	l.sum("1 shape")
	l.clickAt(108, 107)
	l.wait(region + `.startsWith('1 click, ')`)
	l.click(`.label-panel .region button[title^="Accept as blocks"]`)
	l.wait(`/1 shape, \d+ blocks?/.test(document.querySelector('.label-panel .sum').textContent) || /1 shape, \d+ blocks?/.test(document.querySelector('.label-panel .what .sum').textContent)`)
	l.do(chromedp.Focus(`.label-stage .sheet-pane`))
	l.clickAt(108, 107)
	l.press(kb.Enter)
	l.wait(`/ px/.test(document.querySelector('.label-panel .what .sum').textContent)`)
	l.wait(`document.querySelector('.save-state').textContent.startsWith('Saved')`)
	stored, _ := w.stored(p)
	if stored == nil || len(stored.Boxes()) != 1 || stored.Mask.Empty() || !stored.Mask.Contains(108, 107) || len(stored.Layers) != 1 || stored.Spent[annot.ToolClicks] == 0 {
		t.Errorf("the server holds %+v", stored)
	}
	l.clickAt(40, 40)
	l.wait(region + `.startsWith('1 click, ')`)
	l.do(phone)
	l.dark(true)
	l.wait(`innerWidth === 390`)
	// On a phone a region can be accepted without scrolling, once the page has become one.
	l.wait(`[...document.querySelectorAll('.label-panel .region .take button')].every(b => { const r = b.getBoundingClientRect(); return b.contains(document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2)); })`)
	l.shot("phone-label-clicks-dark")
	l.press(kb.Escape)
	l.wait(region + ` === 'Click in the middle of the defect.'`)
}
