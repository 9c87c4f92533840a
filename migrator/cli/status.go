package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

func (p *program) status() *cobra.Command {
	var each eachFlags
	return p.command(action{
		use:   "status",
		short: "show where the database is, what is pending, and what to do",
		long: `Shows the current revisions, which revisions are applied, pending, modified, unfinished
and unknown, and what to do next. It writes nothing and locks nothing.`,
		example: "status\nstatus --verbose\nstatus --json",
		groups:  []string{settings.GroupDatabase, settings.GroupFiles, settings.GroupOutput},
		flags:   each.flags,
		run: func(r *run) error {
			switch many, err := each.given(r.cmd); {
			case err != nil:
				return err
			case many:
				return r.statusEach(&each)
			}
			return r.status()
		},
	})
}

func (r *run) status() error {
	set, cfg, err := r.openDatabase(&reporter{run: r})
	if err != nil {
		return err
	}
	st, err := set.Status(r.ctx, cfg)
	if err != nil {
		return err
	}
	r.document = newStatusDocument(st)
	if !r.settings.JSON {
		v := statusView{run: r, Status: st}
		r.out.PrintTable(v.table())
	}
	return nil
}

func newStatusDocument(st *migrator.Status) *statusDocument {
	d := &statusDocument{Replacements: newReplacementDocuments(st.Replacements), Current: list(st.Current), Heads: list(st.Heads), Revisions: make([]revisionDocument, 0, len(st.Revisions)), Runner: runnerText(st), Schema: newSchemaStatusDocument(st.Schema)}
	for _, s := range st.Revisions {
		d.Revisions = append(d.Revisions, newRevisionDocument(s, slices.Contains(st.Heads, s.Revision), true))
	}
	return d
}

// runnerText describes the runner at work, or is "".
func runnerText(st *migrator.Status) string {
	if st.Runner == nil {
		return ""
	}
	return st.Runner.String()
}

// statusView formats a status as text.
type statusView struct {
	*run
	*migrator.Status
	rows terminal.Table
}

// maxListed is how many revisions of a state are listed without --verbose.
const maxListed = 10

func (v *statusView) table() terminal.Table {
	v.current()
	if v.Runner != nil {
		v.add("running", terminal.Yellow.Cell("now"), terminal.Plain.Cell(runnerText(v.Status)))
	}
	v.applied()
	v.section("pending", migrator.Pending, terminal.Yellow, func(s migrator.RevisionStatus) string {
		if s.OutOfOrder {
			return "out of order"
		}
		return ""
	})
	v.section("modified", migrator.Modified, terminal.Red, func(s migrator.RevisionStatus) string { return strings.Join(s.Changes, ", ") })
	v.section("unfinished", migrator.Unfinished, terminal.Red, unfinishedText)
	v.section("unknown", migrator.Unknown, terminal.Yellow, func(s migrator.RevisionStatus) string {
		if !s.Reversible {
			return appliedText(s) + ", irreversible"
		}
		return appliedText(s)
	})
	v.replacements()
	v.schema()
	v.next()
	return v.rows
}

func (v *statusView) add(title string, cells ...terminal.Cell) {
	v.rows.Add(append([]terminal.Cell{terminal.Bold.Cell(title)}, cells...)...)
}

func (v *statusView) current() {
	if len(v.Current) == 0 {
		note := "nothing is applied"
		if !v.Exists {
			note = "the ledger " + v.Ledger + " does not exist yet"
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
	if v.settings.Verbose || n == limit+1 { // a line that counts one revision takes as much room
		limit = n
	}
	v.list(state, color, limit, note)
	if n > limit {
		v.add("", terminal.Plain.Cell(fmt.Sprintf("… and %d more", n-limit)))
	}
}

func describeState(state migrator.RevisionState) string {
	switch state {
	case migrator.Modified:
		return "applied, but the files were modified afterwards"
	case migrator.Unfinished:
		return "interrupted, non-transactional"
	case migrator.Unknown:
		return "applied, but not contained in this program"
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

// next adds what to do now: a line for each command, and before it what to consider.
func (v *statusView) next() {
	title := "next"
	add := func(lines ...string) {
		for _, line := range lines {
			v.add(title, terminal.Plain.Cell(line))
			title = ""
		}
	}
	text, list := v.todo()
	if text != "" {
		add(text)
	}
	add(v.withNote(v.cmd, list...)...)
}

// todo returns what to do now.
func (v *statusView) todo() (string, []suggestion) {
	a := adviser{v.program, v.cmd}
	for _, r := range v.Replacements {
		if r.Conflicts() {
			advice := a.replaced(r)
			return advice.text, advice.suggestions
		}
	}
	for _, s := range v.Revisions {
		if s.State == migrator.Unfinished {
			advice := a.finish(s.Revision, s.Finish)
			if advice.text == "" {
				return s.Revision + " is unfinished", advice.suggestions
			}
			return s.Revision + " is unfinished: " + advice.text, advice.suggestions
		}
	}
	late := slices.ContainsFunc(v.Revisions, func(s migrator.RevisionStatus) bool { return s.OutOfOrder })
	modified := slices.IndexFunc(v.Revisions, func(s migrator.RevisionStatus) bool { return s.State == migrator.Modified })
	switch {
	case len(v.Foreign) > 0:
		advice := a.foreign(v.Adoptable, a.upAnyway())
		return strings.TrimSuffix(otherTool(v.Foreign)+"; "+advice.text, "; "), advice.suggestions
	case v.Count(migrator.Pending) > 0:
		return v.unwritten(), []suggestion{a.up(v.Heads, v.Count(migrator.Unknown) > 0, late, modified >= 0)}
	case v.Schema != nil && (v.Schema.State == migrator.SchemaChanged || v.Schema.State == migrator.SchemaAccessChanged):
		return "nothing to apply", []suggestion{a.drift(v.Schema, v.Count(migrator.Unknown) > 0)}
	case modified >= 0:
		return "nothing to apply; restore the modified files, or accept them", []suggestion{{"", a.other("repair", v.Revisions[modified].Revision, "--accept")}}
	}
	if slices.ContainsFunc(v.Replacements, func(r migrator.Replacement) bool { return r.State == migrator.ReplacementComplete }) {
		return "nothing to apply", []suggestion{to("record the replacement", a.up(v.Heads, false, false, false).command)}
	}
	if v.Schema != nil && v.Schema.State == migrator.SchemaNotCompared && v.Schema.Err == nil {
		return "nothing to apply", []suggestion{a.recordSchema()}
	}
	return "nothing to do", nil
}

// unwritten returns what to do about pending revisions without SQL, which are not applied.
func (v *statusView) unwritten() string {
	var files []string
	for _, s := range v.Revisions {
		if rev := v.opened.Files().Revision(s.Revision); s.State == migrator.Pending && rev != nil && rev.MissingSQL() {
			files = append(files, terminal.Quote(rev.Up.File))
		}
	}
	if len(files) == 0 {
		return ""
	}
	return "write the SQL of " + text.List(files, "and") + " first"
}

// up returns the command that applies all pending revisions. unknown: the ledger contains
// revisions that this program does not; late: some are below applied ones; modified: an
// applied revision was modified.
func (a adviser) up(heads []string, unknown, late, modified bool) suggestion {
	words := []string{"up"}
	if len(heads) > 1 {
		words = append(words, "heads")
	}
	var changes []flagValue
	var conditions []string
	if unknown {
		changes = append(changes, flagValue{"ahead", "ok"})
		conditions = append(conditions, "the pending revisions are compatible with the unknown ones")
	}
	if late {
		changes = append(changes, flagValue{"out-of-order", "ok"})
		conditions = append(conditions, "the revisions that are out of order may run now")
	}
	if modified && a.settings.Changed == "fail" {
		changes = append(changes, flagValue{"changed", "ok"})
		conditions = append(conditions, "the modified revisions are as they should be")
	}
	purpose := ""
	if len(conditions) > 0 {
		purpose = "if " + text.List(conditions, "and") + ","
	}
	return suggestion{purpose, a.otherLine(a.cmd, words, changes...)}
}
