package report

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"semirest/server/evaluation"
	"semirest/server/metric"
	"semirest/server/picture"
	"semirest/server/project"
	"semirest/shared/block"
	"semirest/shared/prep"
)

// evil is a name that tries to be more than text.
const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`

// fixed is a project without a store: two models, of which the second is deployed.
type fixed struct {
	name   string
	broken project.ID // model that cannot be measured
	views  int
}

func f(v float64) *float64 { return &v }

func (x *fixed) Project(context.Context, project.ID) (project.Project, error) {
	return project.Project{ID: "p", Name: x.name, Deployed: "b"}, nil
}

func (x *fixed) Pictures(context.Context, project.ID) ([]project.Picture, error) {
	return []project.Picture{
		{Role: project.Normal}, {Role: project.Normal, Held: true}, {Role: project.Defective, Truth: "t"},
		{Labels: &project.State{Boxes: 1}, Held: true}, {Labels: &project.State{Normal: true}}, {},
	}, nil
}

func (x *fixed) Models(context.Context, project.ID) ([]project.Model, error) {
	return []project.Model{
		{ID: "a", Project: "p", Name: "un 1", Supervision: "un", Threshold: 1, Metrics: &project.Metrics{Latency: 7}},
		{ID: "b", Project: "p", Name: x.name, Supervision: "semi", Threshold: 1, LabelMillis: 15_000, Note: x.name,
			Metrics: &project.Metrics{Learnt: "box", Labelled: 3, Latency: 9}},
	}, nil
}

func (x *fixed) Evaluation(_ context.Context, m project.ID) (*evaluation.Result, error) {
	if m == x.broken {
		return nil, errors.New("its file is " + x.name)
	}
	ap := map[project.ID]float64{"a": 0.5, "b": 0.75}[m]
	r := &evaluation.Result{
		Metrics: project.Metrics{AP: f(ap), PRO: f(0.9), AUROC: f(0.95), Distance: f(0.4), DistancePRO: f(0.8), DistanceAUROC: f(0.9),
			Pictures: 9, Defective: 5, Granule: "box"},
		Kinds:           []evaluation.Kind{{Kind: x.name, Pictures: 5, Measures: evaluation.Measures{AP: f(ap)}, Misses: 1}},
		PrecisionRecall: []metric.Point{{X: 0, Y: 1}, {X: 1, Y: 0.2}}, Overlap: []metric.Point{{}, {X: 0.3, Y: 0.9}},
		DistancePrecisionRecall: []metric.Point{{X: 0, Y: 1}, {X: 1, Y: 0.1}}, DistanceOverlap: []metric.Point{{}, {X: 0.3, Y: 0.8}},
	}
	for i, score := range []float64{0.3, 1.5, 0.4, 0.8, 0.9, 2, 3, 0.7, 5} {
		p := evaluation.Picture{ID: project.ID(rune('a' + i)), Name: x.name, Score: score, Defective: i >= 4}
		if p.Defective {
			p.Kind, p.AP = x.name, f(float64(i)/10)
		}
		r.Pictures = append(r.Pictures, p)
	}
	return r, nil
}

func (x *fixed) Curve(context.Context, project.ID) (evaluation.Curve, error) {
	return evaluation.NewCurve([]float64{0.3, 1.5, 0.4, 0.8}, []float64{0.9, 2, 3, 0.7, 5}, 1), nil
}

func (x *fixed) View(context.Context, project.ID, project.ID) (evaluation.View, error) {
	x.views++
	size := prep.Size{W: 640, H: 320}
	v := evaluation.View{Picture: picture.RGB{Size: size, Pix: make([]byte, 640*320*3)}, Scores: block.NewScores(block.Grid{Rows: 4, Cols: 8, Size: 8}), Truth: make([]byte, 640*320)}
	v.Scores.Values[9] = 3
	for i := range 80 * 640 {
		v.Truth[i] = 1
	}
	return v, nil
}

func TestReport(t *testing.T) {
	x := &fixed{name: "Gehäuse"}
	r, err := Make(t.Context(), x, x, "p")
	if err != nil {
		t.Fatal(err)
	}
	if r.Pictures != (Counts{All: 6, Normal: 3, Defective: 2, Labelled: 2, Held: 2}) {
		t.Errorf("%+v", r.Pictures)
	}
	p := r.Figure.Points
	if len(p) != 2 || p[0].Granule != none || p[0].Seconds != 0 || *p[0].AP != 0.5 ||
		p[1].Granule != "box" || p[1].Seconds != 15 || p[1].PerPicture != 5 || p[1].Pictures != 3 || *p[1].AP != 0.75 {
		t.Errorf("%+v", p)
	}
	if b := r.Figure.Baseline; b == nil || *b.AP != 0.4 || *b.PRO != 0.8 {
		t.Errorf("%+v", b)
	}
	if want := "15 seconds of labelling bought 35.0 points of pixel AP: Gehäuse reaches 75.0\u00a0%, the distance score alone 40.0\u00a0%."; r.Figure.Conclusion() != want {
		t.Errorf("%q", r.Figure.Conclusion())
	}
	s := r.Subject
	if s == nil || s.Model != "b" || !r.Models[1].Deployed || r.Models[0].Metrics.Latency != 7 {
		t.Fatalf("%+v", r)
	}
	shown := func(list []Shown) (ids string) {
		for _, p := range list {
			ids += string(p.ID)
		}
		return ids
	}
	// Missed: e (0.9, AP 0.4) and h (0.7, AP 0.7); false alarm: b; the rest by AP: f g i.
	if shown(s.Worst) != "ehb" || shown(s.Best) != "igf" || x.views != 6 {
		t.Errorf("worst %s, best %s", shown(s.Worst), shown(s.Best))
	}
	dir := filepath.Join(t.TempDir(), "new", "report")
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	var back Report
	text, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err == nil {
		err = json.Unmarshal(text, &back)
	}
	if err != nil || back.Figure.Points[1].Seconds != 15 || back.Subject.Curve.Normal != 4 {
		t.Errorf("%v, %+v", err, back.Figure)
	}
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(page), "<svg"); n != 6 {
		t.Errorf("%d plots, want three panels, two curves and the threshold's", n)
	}
	for _, want := range []string{"Gehäuse", "15 seconds of labelling", "Worst pictures", "Best pictures", "boxes (semi)", "5.0", "75.0\u00a0%", "missed: score 0.90", "false alarm: score 1.50", "(present)"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

// A name is text wherever it stands, and the page asks for nothing from elsewhere.
func TestNamesAreText(t *testing.T) {
	x := &fixed{name: evil, broken: "a"}
	r, err := Make(t.Context(), x, x, "p")
	if err != nil {
		t.Fatal(err)
	}
	if r.Models[0].Fault == "" {
		t.Error("the broken model's fault is not told")
	}
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*>`).FindAllString(page, -1) {
		name := regexp.MustCompile(`^<[a-zA-Z0-9]+`).FindString(tag)[1:]
		bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(tag, `""`) // without attributes' values
		if slices.Contains([]string{"script", "iframe", "object", "embed", "link", "base", "form"}, name) || regexp.MustCompile(`\son\w+\s*=`).MatchString(bare) {
			t.Errorf("the page holds %.80s", tag)
		}
		if name == "img" && !strings.HasPrefix(tag, `<img src="data:image/jpeg;base64,`) {
			t.Errorf("a picture from elsewhere: %.80s", tag)
		}
	}
	for _, from := range []string{"http://", "https://", "url(", "@import"} {
		for at, rest := 0, page; ; {
			i := strings.Index(rest[at:], from)
			if i < 0 {
				break
			}
			at += i + len(from)
			if around := rest[max(0, at-40):min(len(rest), at+40)]; !strings.Contains(around, "xmlns") {
				t.Errorf("the page reaches out: %q", around)
			}
		}
	}
	if !strings.Contains(page, "&lt;script&gt;") {
		t.Error("the name is gone")
	}
	if err := r.JSON(&b); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes()[len(page):], []byte("<script")) {
		t.Error("JSON holds an unescaped tag")
	}
}

// Plots are whole XML.
func TestPlotsAreXML(t *testing.T) {
	x := &fixed{name: evil}
	r, err := Make(t.Context(), x, x, "p")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range panels {
		text, err := r.Figure.plot(m)
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(strings.NewReader(text)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", m.name, err)
			}
		}
	}
	if _, err := (Figure{Points: []Point{{Name: "unmeasured", Granule: none}}}).plot(panels[0]); err != nil {
		t.Errorf("a figure without a number: %v", err)
	}
}

// bare is a project without models.
type bare struct{ fixed }

func (*bare) Models(context.Context, project.ID) ([]project.Model, error) { return nil, nil }

func TestReportOfNothing(t *testing.T) {
	r, err := Make(t.Context(), &bare{}, &bare{}, "p")
	if err != nil || r.Subject != nil || len(r.Figure.Points) != 0 || r.Made.IsZero() || time.Since(r.Made) > time.Minute {
		t.Fatalf("%+v, %v", r, err)
	}
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil || !strings.Contains(b.String(), "No model was measured yet") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestTheTableOfThresholdsIsShort(t *testing.T) {
	var normal, defective []float64
	for i := range 200 {
		normal, defective = append(normal, float64(i)/200), append(defective, 0.5+float64(i)/100)
	}
	rows := few(evaluation.NewCurve(normal, defective, 0.7777))
	now := slices.IndexFunc(rows, func(c evaluation.Count) bool { return c.Threshold == 0.7777 })
	if len(rows) > fewRows+4 || now < 0 || !slices.IsSortedFunc(rows, func(a, b evaluation.Count) int { return int(math.Copysign(1, a.Threshold-b.Threshold)) }) {
		t.Errorf("%+v", rows)
	}
}
