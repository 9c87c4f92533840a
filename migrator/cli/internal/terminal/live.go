package terminal

import (
	"io"
	"os"
	"time"
)

// liveLine is the last line of a terminal, which shows what is running. Its methods accept
// nil, which draws nothing.
type liveLine struct {
	file  *os.File
	drawn bool
	more  string
}

// newLiveLine returns nil unless w is a terminal that can redraw a line.
func newLiveLine(w io.Writer) *liveLine {
	if !isTerminal(w) || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return &liveLine{file: w.(*os.File)}
}

func (l *liveLine) details(text string) {
	if l != nil {
		l.more = text
	}
}

func (l *liveLine) draw(step string, elapsed time.Duration) {
	if l == nil {
		return
	}
	text := step + ": running for " + elapsed.String()
	if l.more != "" {
		text += ", " + l.more
	}
	l.show(text)
}

// show draws a text; nothing if it is empty.
func (l *liveLine) show(text string) {
	if l == nil || text == "" {
		return
	}
	_, _ = l.file.WriteString("\r\x1b[K" + ClipTo(text, columns(l.file)-1))
	l.drawn = true
}

// clear removes the line, so that another one can be written in its place.
func (l *liveLine) clear() {
	if l != nil && l.drawn {
		_, _ = l.file.WriteString("\r\x1b[K")
		l.drawn = false
	}
}
