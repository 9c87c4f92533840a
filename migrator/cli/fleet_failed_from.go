package cli

import (
	"encoding/json"
	"errors"
	"io"
	"os"

	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

// readReport returns the names of the targets that are done according to a report of --json or
// --json-lines. The report of a run that was killed may end in the middle of a line; what it
// does not list is not done.
func readReport(file string) (map[string]bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, &fileError{err}
	}
	defer f.Close()
	done, known := map[string]bool{}, false
	note := func(t targetDocument) {
		if t.Target != "" && t.State != "" {
			known, done[t.Target] = true, t.State == stateDone
		}
	}
	for d := json.NewDecoder(f); ; {
		var document struct {
			targetDocument
			Targets []targetDocument `json:"targets"`
		}
		err := d.Decode(&document)
		switch {
		case known && (err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF)):
			return done, nil
		case err != nil:
			return nil, &settings.UsageError{Text: "--failed-from " + terminal.Quote(file) + ": it is not a report of --json or --json-lines for many targets, or it ends before the first target"}
		}
		note(document.targetDocument)
		for _, t := range document.Targets {
			note(t)
		}
	}
}

// nothingLeft reports that all targets are done according to --failed-from.
func (f *fleetRun) nothingLeft() error {
	if f.flags.jsonLines {
		f.out.JSONLine(f.document.countsDocument)
		return nil
	}
	line := "nothing is left to do: " + terminal.Quote(string(f.flags.failedFrom)) + " lists each of these targets as done"
	f.result(eventFinished, []terminal.Cell{terminal.Plain.Cell(line)}, line, "targets", 0, "changed", 0)
	return nil
}
