package train

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"semirest/server/detect"
)

// Explain writes down what a training run decided and why; nothing of a detector without a classifier.
func Explain(w io.Writer, m *detect.Model) error {
	r, err := ReadRecord(m)
	if err != nil || r == nil {
		return err
	}
	fmt.Fprintf(w, "%d normal, %d simulated and %d real pictures; held out %d normal, %d simulated and as many probes\n",
		r.Pictures.Normal, r.Pictures.Simulated, r.Pictures.Real, r.Pictures.HeldNormal, r.Pictures.HeldOut)
	for _, c := range r.Choices {
		mark := " "
		if c.Chosen {
			mark = "*"
		}
		fmt.Fprintf(w, "%s distance weight %.2f: held-out pixel AP %.4f simulated, %.4f probes\n", mark, c.Weight, c.Simulated.AP, c.Probes.AP)
	}
	fmt.Fprintln(w, r.Why)
	for _, name := range m.Classifier.Moved {
		fmt.Fprintf(w, "moved to training: %s\n", name)
	}
	return nil
}

// Describe lists what a model says of its classifier and its training, by name; nothing of a detector without one.
func Describe(m *detect.Model) ([][2]string, error) {
	c := m.Classifier
	r, err := ReadRecord(m)
	if err != nil || c == nil || r == nil {
		return nil, err
	}
	transform := "square"
	if c.Abs {
		transform = "absolute value"
	}
	bagging := fmt.Sprintf("every %d", c.Bagging)
	if c.Bagging == 0 {
		bagging = "a single pass"
	}
	rows := [][2]string{
		{"classifier", fmt.Sprintf("%s, width %d, windows of %d x %d cells, %s", c.Net, c.Width, c.Window, c.Window, bagging)},
		{"residual", fmt.Sprintf("%s times %.6g", transform, c.Scale)},
		{"fusion", fmt.Sprintf("distance weight %g", c.Fusion.Weight)},
		{"chosen", r.Why},
		{"pictures", fmt.Sprintf("%d normal, %d simulated, %d real; held out %d normal, %d simulated and as many probes",
			r.Pictures.Normal, r.Pictures.Simulated, r.Pictures.Real, r.Pictures.HeldNormal, r.Pictures.HeldOut)},
		{"best step", fmt.Sprintf("%d of %d", r.BestStep, r.Settings.Steps)},
	}
	for _, name := range c.Moved {
		rows = append(rows, [2]string{"moved to training", name})
	}
	text, err := json.Marshal(r.Settings)
	if err != nil {
		return nil, err
	}
	// Read as tokens, so that the settings keep their order.
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := d.Token()
		if err != nil {
			return nil, err
		}
		rows = append(rows, [2]string{"  " + fmt.Sprint(key), fmt.Sprint(value)})
	}
	return rows, nil
}
