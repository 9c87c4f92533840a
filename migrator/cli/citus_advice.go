package cli

import (
	"strings"

	"example.com/ambix/migrator"
)

// citus returns how to write to a Citus cluster.
func (a adviser) citus(e *migrator.CitusError) advice {
	switch e.Problem {
	case migrator.CitusWorker:
		text := "connect to the coordinator: check " + a.variables("host", "port")
		if e.Coordinator != "" {
			text += " (the worker knows it as " + e.Coordinator + ")"
		}
		return advice{text, nil}
	case migrator.CitusSetCommands:
		return advice{"remove it from the URL, the role and the database (ALTER ROLE … RESET citus.propagate_set_commands); a revision that needs it can set it for itself with SET LOCAL", nil}
	case migrator.CitusTenantSchema, migrator.CitusNewTenant:
		return advice{"", []suggestion{to("use a ledger in the schema public", a.retry(flagValue{"ledger", inPublic(e.Ledger)}))}}
	case migrator.CitusManagedTables:
		return advice{"create the ledger with the setting off, once: add options=-c%20citus.use_citus_managed_tables%3Doff to the database URL for this run", nil}
	}
	return advice{"make them local again: SELECT undistribute_table('TABLE')", nil}
}

// inPublic returns a name for a ledger in the schema public: that of its own schema, which may
// be one of many.
func inPublic(ledger string) string {
	schema, _, _ := strings.Cut(ledger, ".")
	if strings.Contains(ledger, `"`) || len(schema) > 40 {
		return "public.ambix"
	}
	return "public." + schema
}
