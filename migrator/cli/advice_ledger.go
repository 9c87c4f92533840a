package cli

import (
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
)

// foreign is for a database that another tool has migrated. all is the command that ignores
// that.
func (a adviser) foreign(adoptable bool, all string) advice {
	if adoptable {
		return advice{"", []suggestion{to("take over what that tool applied", a.other("adopt")), to("ignore it", all)}}
	}
	return advice{"adopt --baseline REV records which revisions the database already has", []suggestion{to("ignore the other tool", all)}}
}

// otherTool says that a database was migrated by the tools of these version tables.
func otherTool(tables []string) string {
	return "the database was migrated by another tool, " + text.List(tables, "and")
}

// otherTool returns what to do about that.
func (a adviser) otherTool(adoptable bool) []suggestion {
	advice := a.foreign(adoptable, a.upAnyway())
	if advice.text == "" {
		return advice.suggestions
	}
	return append([]suggestion{{"next: " + advice.text, ""}}, advice.suggestions...)
}

func (a adviser) upAnyway() string {
	return a.otherLine(a.cmd, []string{"up"}, flagValue{"ahead", "ok"})
}

func (a adviser) adopt(e *migrator.AdoptError) advice {
	switch e.Problem {
	case migrator.AdoptAlready:
		return advice{"", []suggestion{to("see what is applied", a.other("status"))}}
	case migrator.AdoptNoTable:
		if e.Table != "" {
			return advice{"check --table: SCHEMA.TABLE, as the database has it", nil}
		}
		text := "name it with --table, or, for a database that no tool migrated, name the applied revision with --baseline"
		if len(e.Tables) > 0 {
			text = "--tool selects another tool; " + text
		}
		return advice{text, nil}
	case migrator.AdoptUnknownVersion:
		return advice{"", []suggestion{to("list the revisions of this program", a.other("history"))}}
	case migrator.AdoptSeveralTables:
		return advice{"", a.adoptEach(e.Tables)}
	}
	return advice{}
}

// adoptEach returns a command for each version table with its tool: "public.versions (goose)".
func (a adviser) adoptEach(tables []string) []suggestion {
	var list []suggestion
	for _, t := range tables {
		if table, tool, ok := strings.Cut(strings.TrimSuffix(t, ")"), " ("); ok {
			list = append(list, to("adopt "+t, a.retry(flagValue{"tool", tool}, flagValue{"table", table})))
		}
	}
	return list
}

func (a adviser) ledger(e *migrator.LedgerError) advice {
	switch e.Problem {
	case migrator.LedgerElsewhere:
		return advice{"", a.otherLedgers(e)}
	case migrator.LedgerLocked:
		return advice{"", []suggestion{to("try again when they have ended", a.retry())}}
	case migrator.LedgerInvalid:
		return advice{"find out who changed it, and restore the row from a backup", nil}
	case migrator.LedgerUntrusted:
		return advice{"if " + e.Owner + " may run anything as " + e.Role + ", trust it", []suggestion{
			to("see triggers, rules and policies of the ledger", a.other("check")),
			to("trust "+e.Owner, a.retry(flagValue{"ledger-owner", e.Owner})),
		}}
	case migrator.LedgerNewer:
		return advice{"use a newer program", nil}
	}
	return advice{}
}

// otherLedgers returns what to do about a database that has other ledgers than the default one. Each
// may be that of a tenant: with it the revisions would run outside of the tenant's schema and be
// recorded as if they had run there.
func (a adviser) otherLedgers(e *migrator.LedgerError) []suggestion {
	var list []suggestion
	tenants := false
	for _, other := range e.Others {
		schema, _, _ := strings.Cut(other, ".")
		switch {
		case schema == "public" || a.cmd.Flags().Lookup("each-schema") == nil && a.cmd.Name() != "redo":
			list = append(list, to("use "+terminal.Line(other), a.retry(flagValue{"ledger", other})))
		case !tenants:
			tenants = true
			list = append(list,
				suggestion{"if each schema has its revisions and its ledger, select the schemas with --each-schema; --ledger runs the revisions for the whole database", ""},
				to("see what "+terminal.Line(other)+" contains", a.other("status", "--ledger="+other)))
		}
	}
	return append(list, to("create another ledger, for a separate set of revisions", a.retry(flagValue{"ledger", e.Ledger})))
}
