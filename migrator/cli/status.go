package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
)

func (p *program) status() *cobra.Command {
	return p.command(action{
		use:   "status",
		short: "where the database is, what is pending, what to do",
		long: `Shows the current revisions, what is applied, pending, changed since, unfinished and
unknown, and what to do now. It writes nothing and locks nothing.`,
		example: "status\nstatus --verbose\nstatus --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		run:     (*run).status,
	})
}

func (r *run) status() error {
	set, cfg, err := r.open((&reporter{run: r}).event)
	if err != nil {
		return err
	}
	r.warnIfStale()
	st, err := set.Status(r.ctx, cfg)
	if err != nil {
		return err
	}
	r.document = newStatusDocument(st)
	if !r.settings.JSON {
		v := statusView{run: r, Status: st}
		r.out.Print(v.text())
	}
	return nil
}

func newStatusDocument(st *migrator.Status) *statusDocument {
	d := &statusDocument{Current: list(st.Current), Heads: list(st.Heads), Revisions: []revisionDocument{}}
	for _, s := range st.Revisions {
		d.Revisions = append(d.Revisions, newRevisionDocument(s, slices.Contains(st.Heads, s.Revision), true))
	}
	return d
}

// statusView formats a status as text.
type statusView struct {
	*run
	*migrator.Status
	rows terminal.Table
}

// maxListed is how many revisions of a state are listed without --verbose.
const maxListed = 10

func (v *statusView) text() string {
	v.current()
	v.applied()
	v.section("pending", migrator.Pending, terminal.Yellow, func(s migrator.RevisionStatus) string {
		if s.OutOfOrder {
			return "below an applied one"
		}
		return ""
	})
	v.section("changed", migrator.Edited, terminal.Red, func(s migrator.RevisionStatus) string { return strings.Join(s.Changes, ", ") })
	v.section("unfinished", migrator.Unfinished, terminal.Red, unfinishedText)
	v.section("unknown", migrator.Unknown, terminal.Yellow, func(s migrator.RevisionStatus) string {
		if !s.Reversible {
			return appliedText(s) + ", cannot be taken down"
		}
		return appliedText(s)
	})
	v.next()
	return v.out.Format(v.rows)
}

func (v *statusView) add(title string, cells ...terminal.Cell) {
	v.rows.Add(append([]terminal.Cell{terminal.Bold.Cell(title)}, cells...)...)
}

func (v *statusView) current() {
	if len(v.Current) == 0 {
		note := "nothing is applied"
		if !v.Exists {
			note = "there is no ledger " + v.Ledger + " yet"
		}
		v.add("current", terminal.Bold.Cell("base"), terminal.Plain.Cell(note))
		return
	}
	title := "current"
	for _, s := range v.Revisions {
		if slices.Contains(v.Current, s.Revision) {
			v.add(title, terminal.Green.Cell(s.Revision), terminal.Plain.Cell(terminal.Clip(s.Message)), terminal.Plain.Cell(strings.Join(v.marks(s), ", ")))
			title = ""
		}
	}
}

// marks returns the words shown next to a current revision.
func (v *statusView) marks(s migrator.RevisionStatus) []string {
	var marks []string
	if slices.Contains(v.Heads, s.Revision) {
		marks = append(marks, "head")
	}
	return append(marks, labelMarks(s.BranchLabels)...)
}

func (v *statusView) applied() {
	var last migrator.RevisionStatus
	n := 0
	for _, s := range v.Revisions {
		if s.State == migrator.Pending || s.State == migrator.Unfinished {
			continue
		}
		n++
		if s.AppliedAt.After(last.AppliedAt) {
			last = s
		}
	}
	if n == 0 {
		return
	}
	v.add("applied", terminal.Plain.Cell(fmt.Sprint(n)), terminal.Plain.Cell("last: "+appliedText(last)))
	if v.settings.Verbose {
		v.list(migrator.Applied, terminal.Plain, n, func(s migrator.RevisionStatus) string { return appliedText(s) })
	}
}

func (v *statusView) section(title string, state migrator.RevisionState, color terminal.Style, note func(migrator.RevisionStatus) string) {
	n := v.Count(state)
	if n == 0 {
		if state == migrator.Pending {
			v.add(title, terminal.Plain.Cell("none"))
		}
		return
	}
	v.add(title, color.Cell(fmt.Sprint(n)), terminal.Plain.Cell(describeState(state)))
	limit := maxListed
	if v.settings.Verbose {
		limit = n
	}
	v.list(state, color, limit, note)
	if n > limit {
		v.add("", terminal.Plain.Cell(fmt.Sprintf("… and %d more", n-limit)))
	}
}

func describeState(state migrator.RevisionState) string {
	switch state {
	case migrator.Edited:
		return "applied, but the files say something else now"
	case migrator.Unfinished:
		return "interrupted outside a transaction"
	case migrator.Unknown:
		return "applied by a program that has more revisions than this one"
	}
	return ""
}

func (v *statusView) list(state migrator.RevisionState, color terminal.Style, limit int, note func(migrator.RevisionStatus) string) {
	for _, s := range v.Revisions {
		if s.State != state {
			continue
		}
		if limit--; limit < 0 {
			return
		}
		v.add("", color.Cell(s.Revision), terminal.Plain.Cell(terminal.Clip(s.Message)), terminal.Faint.Cell(note(s)))
	}
}

// next adds what to do now.
func (v *statusView) next() {
	up := v.cmd.Parent().CommandPath() + " up"
	if len(v.Heads) > 1 {
		up += " heads"
	}
	up = v.commandLineFor(up, nil)
	pending, late, half := v.Count(migrator.Pending), 0, 0
	for _, s := range v.Revisions {
		if s.OutOfOrder {
			late++
		}
		if s.State == migrator.Unfinished {
			v.add("now", terminal.Plain.Cell(s.Revision+" first: "+v.finishAdvice(s.Revision, s.Finish)))
			half++
		}
	}
	if half > 0 {
		return
	}
	changed := slices.IndexFunc(v.Revisions, func(s migrator.RevisionStatus) bool { return s.State == migrator.Edited })
	switch {
	case pending == 0 && changed >= 0:
		v.add("now", terminal.Plain.Cell("nothing to apply; put a changed file back, or take it as it is: "+
			v.commandLineFor(v.cmd.Parent().CommandPath()+" repair "+v.Revisions[changed].Revision+" --accept", nil)))
	case pending == 0:
		v.add("now", terminal.Plain.Cell("nothing to do"))
	case v.Count(migrator.Unknown) > 0:
		v.add("now", terminal.Plain.Cell(up+" --ahead=ok, when what is pending fits beside what is unknown"))
	case late > 0:
		v.add("now", terminal.Plain.Cell(up+" --out-of-order=ok, when what is below may run late"))
	default:
		v.add("now", terminal.Plain.Cell(up))
	}
}
