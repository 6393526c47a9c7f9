package annot

// Tool is what a person labels with; time is kept for each.
type Tool uint8

const (
	ToolSelect Tool = iota // choosing, moving, resizing, looking
	ToolBox
	ToolRotated // rotated boxes
	ToolBlock8
	ToolBlock16
	ToolBrush
	ToolPolygon
	ToolEraser
	ToolNormal  // 'this picture is normal'
	ToolPropose // accepting and correcting what a detector proposed
	ToolClicks  // clicks that a region grows from
	Tools       // how many there are
)

// String is the tool's name.
func (t Tool) String() string {
	names := [...]string{"select", "box", "rotated box", "blocks 8", "blocks 16", "brush", "polygon", "eraser", "normal", "propose", "clicks"}
	if t < Tools {
		return names[t]
	}
	return "invalid"
}

// Idle is the longest pause, in milliseconds, that still counts as work.
const Idle = 10_000

// Spent is the time worked on a picture with each tool, in milliseconds.
type Spent [Tools]int64

// Total is the time over all tools.
func (s Spent) Total() int64 {
	sum := int64(0)
	for _, t := range s {
		sum += t
	}
	return sum
}

// Clock measures the time worked on one picture. The page touches it at every
// event of pointer and keyboard; between two touches time counts for the tool
// of the later one, unless the pause was longer than Idle, which counts
// nothing. Undo takes no time back.
type Clock struct {
	last    int64
	running bool
}

// Touch tells that the person did something with the tool at now, a clock in
// milliseconds that never stands still for a picture's while; a step back
// counts nothing.
func (c *Clock) Touch(s *Spent, t Tool, now int64) {
	if t >= Tools {
		panic("annot: unknown tool")
	}
	if pause := now - c.last; c.running && pause > 0 && pause <= Idle {
		s[t] += pause
	}
	c.last, c.running = now, true
}

// Stop ends the work until the next touch: another picture, another window.
func (c *Clock) Stop() { c.running = false }
