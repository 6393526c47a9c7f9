package browsertest
import ("testing";"fmt")
func TestZZ(t *testing.T){
	r := newRig(t); b := newTab(t); b.open(r.url); dir := t.TempDir()
	plain := encodePNG(t, asymmetric(320, 200))
	for o := 1; o <= 8; o++ {
		b.drop(write(t, dir, fmt.Sprintf("turned %d.png", o), turnedPNG(plain, o)))
		b.settled(o)
		b.selectPicture(fmt.Sprintf("turned %d.png", o))
		b.wait(`document.querySelector('.pane img')`)
		fmt.Println(o, eval[[]int](b, `(() => { const i = document.querySelector('.pane img'); const c=new OffscreenCanvas(i.naturalWidth,i.naturalHeight); const p=c.getContext('2d'); p.drawImage(i,0,0); return [i.naturalWidth, i.naturalHeight, ...p.getImageData(2,2,1,1).data]; })()`))
	}
}
