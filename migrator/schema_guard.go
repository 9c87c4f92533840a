package migrator

import (
	"context"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/graph"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// guardScripts refuses scripts whose statements would do harm outside of a scratch database, before any of them is run.
func (m *Migrator) guardScripts(scripts ...*revision.Script) error {
	if err := guardPublishers(scripts...); err != nil {
		return err
	}
	if err := guardServer(scripts...); err != nil {
		return err
	}
	return m.guardDatabase(scripts...)
}

// guardServer refuses scripts that change the server of the scratch databases itself.
func guardServer(scripts ...*revision.Script) error {
	var problems revision.Problems
	for _, script := range scripts {
		loaded, err := script.Loaded()
		if err != nil {
			return err
		}
		for _, st := range loaded.All() {
			if command := sqltext.ServerCommand(loaded.Text, st); command != "" {
				at := sqltext.PositionAt(loaded.Text, st.Start)
				problems = append(problems, revision.Problem{
					Pos:  revision.Pos{File: script.File, Line: at.Line, Column: at.Column},
					Text: command + " would change the server of the scratch databases, and not only one of them: nothing was run; do this by hand, not in a script",
				})
			}
		}
	}
	return problems.Err()
}

// guardPublishers refuses scripts that would connect to the publisher of a subscription: a scratch database must not take its
// changes, and DROP SUBSCRIPTION drops the slot there, which may be that of the real subscriber.
func guardPublishers(scripts ...*revision.Script) error {
	var problems revision.Problems
	slotless := map[string]bool{}
	for _, script := range scripts {
		loaded, err := script.Loaded()
		if err != nil {
			return err
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
			at := sqltext.PositionAt(loaded.Text, st.Start)
			problems = append(problems, revision.Problem{Pos: revision.Pos{File: script.File, Line: at.Line, Column: at.Column}, Text: text})
		}
	}
	return problems.Err()
}

// guardDatabase refuses scripts that drop or alter the configured database, if scratch databases are on its server.
func (m *Migrator) guardDatabase(scripts ...*revision.Script) error {
	like := m.cfg.Scratch.Like
	if like == nil || m.cfg.Scratch.Server != nil && !sameServer(m.cfg.Scratch.Server, like) {
		return nil
	}
	var problems revision.Problems
	for _, script := range scripts {
		loaded, err := script.Loaded()
		if err != nil {
			return err
		}
		if !strings.Contains(strings.ToUpper(loaded.Text), "DATABASE") {
			continue
		}
		for _, st := range loaded.All() {
			if name := sqltext.ChangedDatabase(loaded.Text, st); name == "" || cutName(name) != cutName(like.Database) {
				continue
			}
			at := sqltext.PositionAt(loaded.Text, st.Start)
			problems = append(problems, revision.Problem{
				Pos:  revision.Pos{File: script.File, Line: at.Line, Column: at.Column},
				Text: st.Keywords + " of the configured database, which is on the server of the scratch databases: nothing was run; use another server for these",
			})
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// guardRoles refuses scripts that drop or change a role of the scratch server: it belongs to all of its databases.
func (m *Migrator) guardRoles(ctx context.Context, server *scratch.Server, scripts ...*revision.Script) error {
	var problems revision.Problems
	for _, script := range scripts {
		loaded, err := script.Loaded()
		if err != nil {
			return err
		}
		existing, err := server.Roles(ctx, append(sqltext.DroppedRoles(loaded.Text), sqltext.AlteredRoles(loaded.Text)...))
		if err != nil {
			return err
		}
		if len(existing) == 0 {
			continue
		}
		for _, st := range loaded.All() {
			statement := loaded.Text[st.Start:st.End]
			for _, found := range []struct {
				verb  string
				roles []string
			}{{"drops", sqltext.DroppedRoles(statement)}, {"changes", sqltext.AlteredRoles(statement)}} {
				for _, role := range found.roles {
					if !slices.Contains(existing, role) {
						continue
					}
					at := sqltext.PositionAt(loaded.Text, st.Start)
					problems = append(problems, revision.Problem{
						Pos:  revision.Pos{File: script.File, Line: at.Line, Column: at.Column},
						Text: "it " + found.verb + " role " + schema.QuoteIdent(role) + ", which exists on the server of the scratch databases: nothing was run; use another server for these",
					})
				}
			}
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

// cutName cuts a name as the server does.
func cutName(name string) string {
	const longest = 63 // bytes: NAMEDATALEN-1
	return name[:min(len(name), longest)]
}

// sameServer reports whether two configurations may be of one server. All names of this machine are one.
func sameServer(a, b *pgconn.Config) bool {
	return a.Port == b.Port && machine(a.Host) == machine(b.Host)
}

func machine(host string) string {
	if ip := net.ParseIP(host); host == "localhost" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || ip != nil && ip.IsLoopback() {
		return "localhost"
	}
	return strings.ToLower(host)
}
