package cli

import (
	"fmt"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

// scratchProgress returns what shows the steps in scratch databases: all of them on a terminal, and elsewhere those that take
// long, and now and then how far a long history is.
func (r *run) scratchProgress() func(migrator.ScratchStep) {
	n := 0
	return func(s migrator.ScratchStep) {
		if s == (migrator.ScratchStep{}) {
			r.endScratchProgress()
			return
		}
		n++
		what, key, value := "copying the rows of "+s.Table, "table", s.Table
		switch {
		case s.Revision != "":
			key, value = "revision", s.Revision
			what = "upgrade "
			if s.Direction == migrator.Downgrade {
				what = "downgrade "
			}
			what += text.Named(s.Revision, terminal.Clip(s.Message))
		case s.File != "":
			what, key, value = terminal.Quote(s.File), "file", s.File
		}
		what = "scratch database: " + what
		attrs := append(r.origin(eventScratchStep), key, value)
		r.log.StartStep(what, attrs...)
		r.log.Progress(fmt.Sprintf("%s (step %d)", what, n), append(attrs, "step", n)...)
	}
}

// endScratchProgress ends what scratchProgress shows.
func (r *run) endScratchProgress() {
	r.log.EndStep()
	r.log.EndProgress()
}
