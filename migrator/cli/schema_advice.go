package cli

import (
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/schema"
)

// scratch returns how to get a scratch database.
func (a adviser) scratch(e *migrator.ScratchError) advice {
	const name = "--scratch-url, or MIGRATE_SCRATCH_URL,"
	grant := "ALTER ROLE " + schema.QuoteIdent(e.Role) + " CREATEDB"
	switch e.Problem {
	case migrator.ScratchNotNamed:
		return advice{"set --scratch-url or MIGRATE_SCRATCH_URL to a server for development where databases can be created", nil}
	case migrator.ScratchNoCreateDB:
		return advice{"allow it: " + grant + "; or name an empty database or another server with --scratch-url or MIGRATE_SCRATCH_URL", nil}
	case migrator.ScratchNotEmpty:
		return advice{"name an empty one, or allow the role to create databases: " + grant, nil}
	case migrator.ScratchConfigured:
		return advice{name + " has to name another database", nil}
	case migrator.ScratchInUse:
		return advice{"", []suggestion{to("try again when it has ended", a.retry())}}
	case migrator.ScratchPooler:
		return advice{name + " has to name PostgreSQL itself, not the pooler", nil}
	case migrator.ScratchNoLocale:
		return advice{name + " has to name a server that has them, such as one with the operating system of the configured one", nil}
	case migrator.ScratchUnusable:
		if a.settings.ScratchURL != "" {
			return advice{"check --scratch-url or MIGRATE_SCRATCH_URL", nil}
		}
		return advice{"check " + a.variables("host", "user", "password") + ", or set --scratch-url or MIGRATE_SCRATCH_URL", nil}
	case migrator.ScratchNotDropped:
		if strings.HasPrefix(e.Database, "ambix_scratch_") {
			return advice{"drop it: DROP DATABASE " + schema.QuoteIdent(e.Database) + " WITH (FORCE)", nil}
		}
		return advice{"drop what it still contains", nil}
	}
	return advice{}
}

// schemaProblem returns what to do about a schema that cannot be read, compared or written.
func (a adviser) schemaProblem(e *migrator.SchemaError) advice {
	switch e.Problem {
	case migrator.SchemaRefused:
		if slices.ContainsFunc(e.Refused, func(r schema.Refusal) bool { return r.Destructive }) {
			return advice{"or destroy the rows with --destructive", nil}
		}
	case migrator.SchemaDamaged:
		return advice{"or leave it out with --ignore", nil}
	case migrator.SchemaChanging:
		return advice{"", []suggestion{to("try again when they have ended", a.retry())}}
	case migrator.SchemaDenied:
		return advice{"every role may read them unless somebody has revoked that; use another role", nil}
	case migrator.SchemaAhead:
		return advice{"build a program that contains them", nil}
	case migrator.SchemaUnfinished:
		return advice{"", []suggestion{to("see how to finish it", a.other("status"))}}
	case migrator.SchemaOutOfOrder:
		return advice{"", []suggestion{to("see which", a.other("status"))}}
	case migrator.SchemaUnknown, migrator.SchemaNewerServer:
		return advice{"use a newer program", nil}
	}
	return advice{}
}

// extension returns what to do about an extension that the scratch server lacks.
func (a adviser) extension(name string) advice {
	return advice{"the scratch server does not have the extension " + schema.QuoteIdent(name) + ": install it there, or name another server with --scratch-url or MIGRATE_SCRATCH_URL", nil}
}

// usesScratch reports whether the running command makes scratch databases.
func (a adviser) usesScratch() bool {
	return strings.Contains(a.cmd.Annotations[annotationGroups], settings.GroupScratch)
}
