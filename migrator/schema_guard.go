package migrator

import (
	"context"
	"strings"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// CheckScratch refuses up scripts of the targets and of everything below them that would do something outside of the database
// in which they run, as far as that can be seen: change the server or another database, write its files, end sessions, or
// connect to a publisher. Whatever runs revisions in a scratch database checks that first. It needs no database; roles are not
// checked. Errors: *FilesError, *TargetError.
func (m *Migrator) CheckScratch(targets ...string) error {
	var ids []string
	for _, target := range targets {
		resolved, err := m.EmptyStatus().Resolve(target)
		if err != nil {
			return err
		}
		ids = append(ids, resolved...)
	}
	return newError(guardScripts(m.upScripts(ids)...))
}

// guardScripts refuses scripts whose statements would do something outside of a scratch database, before any of them is run.
func guardScripts(scripts ...*revision.Script) error {
	var problems revision.Problems
	for _, guard := range []func(...*revision.Script) (revision.Problems, error){guardPublishers, guardOutside} {
		found, err := guard(scripts...)
		if err != nil {
			return err
		}
		problems = append(problems, found...)
	}
	return problems.Err()
}

// guardOutside finds statements that change the server of the scratch databases, or reach another database.
func guardOutside(scripts ...*revision.Script) (problems revision.Problems, err error) {
	for _, script := range scripts {
		loaded, err := script.Loaded()
		if err != nil {
			return nil, err
		}
		for _, st := range loaded.All() {
			for _, o := range sqltext.OutsideOf(loaded.Text, st) {
				if o.Effect != sqltext.Membership { // see guardRoles
					problems = append(problems, problemAt(script, loaded.Text, o.Start, outsideText(o)))
				}
			}
		}
	}
	return problems, nil
}

// outsideText says what a statement would do from a scratch database, and what to do instead.
func outsideText(o sqltext.Outside) string {
	const byHand = ": nothing was run; do this by hand, not in a script"
	switch o.Effect {
	case sqltext.OtherDatabase:
		text := o.Command + " names database " + schema.QuoteIdent(o.Database) + ", which is not the scratch database in which it would run: nothing was run; "
		if o.Command == "DROP DATABASE" {
			return text + "do this by hand, not in a script"
		}
		return text + "write it for the database in which it runs, with EXECUTE format('… %I …', current_database()) in a DO block"
	case sqltext.RunsProgram:
		return o.Command + " would run a program on the server of the scratch databases" + byHand
	case sqltext.WritesFile:
		return o.Command + " would write on the disk of the server of the scratch databases" + byHand
	case sqltext.EndsSessions:
		return o.Command + " would end what others do on the server of the scratch databases" + byHand
	case sqltext.UsesSlot:
		return o.Command + " would use a replication slot of the server of the scratch databases" + byHand
	case sqltext.Connects:
		return o.Command + " would connect to another database from a scratch database: nothing was run; do this by hand, or connect to current_database() only"
	}
	return o.Command + " would change the server of the scratch databases, and not only one of them" + byHand
}

func problemAt(script *revision.Script, src string, offset int, text string) revision.Problem {
	at := sqltext.PositionAt(src, offset)
	return revision.Problem{Pos: revision.Pos{File: script.File, Line: at.Line, Column: at.Column}, Text: text}
}

// guardPublishers finds statements that would connect to the publisher of a subscription: a scratch database must not take its
// changes, and DROP SUBSCRIPTION drops the slot there, which may be that of the real subscriber.
func guardPublishers(scripts ...*revision.Script) (problems revision.Problems, err error) {
	slotless := map[string]bool{}
	for _, script := range scripts {
		loaded, err := script.Loaded()
		if err != nil {
			return nil, err
		}
		if !strings.Contains(strings.ToUpper(loaded.Text), "SUBSCRIPTION") {
			continue
		}
		for _, st := range loaded.All() {
			sub := sqltext.SubscriptionOf(loaded.Text, st)
			if sub.Slot != sqltext.SlotKept {
				slotless[sub.Name] = sub.Slot == sqltext.SlotNone
			}
			isDrop := strings.HasPrefix(st.Keywords, "DROP ")
			if !sub.Connects || isDrop && slotless[sub.Name] {
				continue
			}
			text := st.Keywords + " would connect to the publisher from a scratch database: nothing was run; "
			switch {
			case isDrop:
				text += "put ALTER SUBSCRIPTION " + schema.QuoteIdent(sub.Name) + " SET (slot_name = NONE) before it, and drop the slot by hand"
			case strings.HasPrefix(st.Keywords, "CREATE "):
				text += "create it WITH (connect = false), and enable it by hand"
			default:
				text += "do this by hand, not in a script"
			}
			problems = append(problems, problemAt(script, loaded.Text, st.Start, text))
		}
	}
	return problems, nil
}

// guardRoles refuses scripts that drop or change a role of the scratch server: it belongs to all of its databases.
func guardRoles(ctx context.Context, server *scratch.Server, scripts ...*revision.Script) error {
	var problems revision.Problems
	for _, script := range scripts {
		loaded, err := script.Loaded()
		if err != nil {
			return err
		}
		changes, err := server.RoleChanges(ctx, loaded.Text, loaded.All())
		if err != nil {
			return err
		}
		for _, change := range changes {
			problems = append(problems, problemAt(script, loaded.Text, change.Start, change.Text+": nothing was run; use another server for these"))
		}
	}
	return problems.Err()
}

// upScripts returns the up scripts of revisions and of those below them, parents first.
func (m *Migrator) upScripts(ids []string) []*revision.Script {
	set := graph.Set{}
	for _, id := range ids {
		set[id] = struct{}{}
	}
	below := m.files.set.Graph.Closure(set)
	var scripts []*revision.Script
	for _, r := range m.files.set.Ordered() {
		if below.Has(r.ID) {
			scripts = append(scripts, r.Up)
		}
	}
	return scripts
}
