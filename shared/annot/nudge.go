package annot

// nudgeKey says which run of key strokes made a step.
type nudgeKey struct {
	id   uint32 // 0: none
	kind uint8
	at   int64 // of the last stroke, milliseconds
}

const (
	nudgeMove = iota
	nudgeGrow
	nudgeTurn
)

// NudgeGap is the longest pause, in milliseconds, between two key strokes that
// one undo takes back together.
const NudgeGap = 700

// Nudge moves a shape by the keyboard, by (dx, dy) pixels. now is a clock in
// milliseconds: strokes of the same kind on the same shape within NudgeGap make
// one step. It returns ErrShape when there is no shape with the id.
func (e *Editor) Nudge(id uint32, dx, dy float64, now int64) error {
	return e.nudge(id, nudgeMove, now, func(s Shape) Shape { return e.l.moved(s, dx, dy) })
}

// Grow resizes a shape by the keyboard: its right side moves by dw and its lower
// side by dh pixels along its own directions. It stays at least a pixel wide
// and high. See Nudge.
func (e *Editor) Grow(id uint32, dw, dh float64, now int64) error {
	return e.nudge(id, nudgeGrow, now, func(s Shape) Shape {
		if s.Polygon() {
			return scaled(s, dw, dh)
		}
		w, h := 2*s.Box.HalfW, 2*s.Box.HalfH
		if s.Box.Angle == 0 { // its left top stays where it is
			dw = min(dw, float64(e.l.W)-s.Box.X-s.Box.HalfW)
			dh = min(dh, float64(e.l.H)-s.Box.Y-s.Box.HalfH)
		}
		s.Box = sized(s.Box, 1, 1, max(dw, 1-w), max(dh, 1-h))
		return s
	})
}

// Turn rotates a shape about its middle by the keyboard, by radians clockwise.
// See Nudge.
func (e *Editor) Turn(id uint32, angle float64, now int64) error {
	return e.nudge(id, nudgeTurn, now, func(s Shape) Shape { return turned(s, angle) })
}

func (e *Editor) nudge(id uint32, kind uint8, now int64, change func(Shape) Shape) error {
	at := e.l.Index(id)
	if at < 0 {
		return ErrShape
	}
	key := nudgeKey{id, kind, now}
	if n := len(e.done) - 1; n >= 0 && e.open == nil && len(e.gone) == 0 {
		if last := e.done[n].nudge; last.id == id && last.kind == kind && now >= last.at && now-last.at <= NudgeGap {
			if err := e.Set(change(e.l.Shapes[at])); err != nil {
				return err
			}
			if len(e.done) == n+2 { // it changed something: join the two steps
				after := e.done[n+1].shapes[0].after
				e.done = e.done[:n+1]
				c := &e.done[n].shapes[0]
				if c.after = after; same(*c.before, *after) { // there and back
					e.done = e.done[:n]
					return nil
				}
			}
			e.done[n].nudge = key
			return nil
		}
	}
	if e.open == nil {
		e.lastNudge = key
		defer func() { e.lastNudge = nudgeKey{} }()
	}
	return e.Set(change(e.l.Shapes[at]))
}
