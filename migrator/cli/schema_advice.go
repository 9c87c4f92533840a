package cli

import (
	"errors"
	"log/slog"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/cli/internal/settings"
	"example.com/ambix/migrator/cli/internal/terminal"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/schema"
)

// aboutSchemas returns what to do about schemas and scratch databases; ok is false for other errors.
func (a adviser) aboutSchemas(err error) (found advice, ok bool) {
	if e, ok := errors.AsType[*migrator.ScratchError](err); ok {
		return a.scratch(e), true
	}
	if e, ok := errors.AsType[*migrator.DraftError](err); ok {
		return a.draftProblem(e), true
	}
	if e, ok := errors.AsType[*migrator.SchemaError](err); ok {
		return a.schemaProblem(e), true
	}
	if !a.usesScratch() {
		return advice{}, false
	}
	if name := migrator.MissingRole(err); name != "" {
		return advice{"the scratch server has no such role: create it there (CREATE ROLE " + schema.QuoteIdent(name) + "), or name another server with --scratch-url or MIGRATE_SCRATCH_URL", nil}, true
	}
	if name := migrator.ExistingRole(err); name != "" {
		return advice{"the scratch server has the role " + schema.QuoteIdent(name) + ", as roles belong to all databases of a server: name another server with --scratch-url or MIGRATE_SCRATCH_URL, or create the role only if it does not exist: " + migrator.CreateRoleOnce(name), nil}, true
	}
	if name := migrator.MissingExtension(err); name != "" {
		return a.extension(name), true
	}
	if lacksPrivilege(err) {
		return a.scratchPrivilege(), true
	}
	if e, ok := errors.AsType[*migrator.SchemaFileError](err); ok && a.cmd.Name() != "rehearse" { // whose files are rows
		if option := optionOfDump(e); option != "" {
			return advice{"the file runs in an empty database; if pg_dump wrote it, leave out " + option, nil}, true
		}
	}
	return advice{}, false
}

// optionOfDump returns the option of pg_dump that writes files like one that failed, whose SQL needs what is not in it.
func optionOfDump(e *migrator.SchemaFileError) string {
	switch e.SQLState {
	case "42P01", "42704", "42883", "3F000": // no such table, other object, function or schema
	default:
		return ""
	}
	sql := strings.ToUpper(e.Statement)
	switch {
	case strings.Contains(sql, "IF EXISTS"):
	case strings.HasPrefix(sql, "DROP "), strings.HasPrefix(sql, "ALTER ") && strings.Contains(sql, " DROP "):
		return "--clean (-c)"
	case strings.HasPrefix(sql, "COPY "), strings.HasPrefix(sql, "INSERT "):
		return "--data-only (-a)"
	}
	return ""
}

// scratch returns how to get a scratch database.
func (a adviser) scratch(e *migrator.ScratchError) advice {
	const name = "--scratch-url, or MIGRATE_SCRATCH_URL,"
	grant := "ALTER ROLE " + schema.QuoteIdent(e.Role) + " CREATEDB"
	switch e.Problem {
	case migrator.ScratchNotNamed:
		const set = "set --scratch-url or MIGRATE_SCRATCH_URL to a server for development where databases can be created"
		if e.Host == "" { // no database is configured either
			return advice{set + ", such as postgres://USER:PASSWORD@localhost:5432/postgres", nil}
		}
		return advice{set, nil}
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
			return advice{"drop it: " + dropScratch(e.Database), nil}
		}
		return advice{"drop what it still contains", nil}
	}
	return advice{}
}

// noteScratch remembers the scratch databases that exist.
func (p *program) noteScratch(name string, exists bool) {
	if exists {
		p.scratch.Store(name, nil)
	} else {
		p.scratch.Delete(name)
	}
}

// warnOfScratch names the scratch databases that a process leaves behind which exits now.
func (p *program) warnOfScratch(log *terminal.Logger) {
	p.scratch.Range(func(name, _ any) bool {
		log.Log(slog.LevelWarn, "the scratch database "+name.(string)+" may be left behind; a later run drops it after a day, or you now: "+dropScratch(name.(string)))
		return true
	})
}

func dropScratch(name string) string {
	return "DROP DATABASE IF EXISTS " + schema.QuoteIdent(name) + " WITH (FORCE)"
}

// schemaProblem returns what to do about a schema that cannot be read, compared or written.
func (a adviser) schemaProblem(e *migrator.SchemaError) advice {
	switch e.Problem {
	case migrator.SchemaRefused:
		if slices.ContainsFunc(e.Refused, func(r schema.Refusal) bool { return r.Destructive }) {
			return advice{"or destroy the rows with --destructive", nil}
		}
		fallthrough
	case migrator.SchemaDamaged:
		return advice{"", append(repairs(e.Refused), a.ignoring(e.Refused)...)}
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

// repairs returns the statements that repair what is damaged.
func repairs(refused []schema.Refusal) []suggestion {
	var list []suggestion
	for _, r := range refused[:min(len(refused), text.MaxListed)] {
		if r.Repair != "" && terminal.Line(r.Repair) == r.Repair {
			list = append(list, suggestion{"to repair " + r.Object + ": " + r.Repair, ""})
		}
	}
	return list
}

// ignoring returns the command that leaves out what is refused; none if a pattern cannot name all of it.
func (a adviser) ignoring(refused []schema.Refusal) []suggestion {
	flag := a.cmd.Flags().Lookup("ignore")
	if flag == nil {
		return nil
	}
	var patterns []string
	if given := flag.Value.String(); given != "" {
		patterns = strings.Split(given, ",")
	}
	for _, r := range refused {
		pattern := globOf(r.Name)
		switch {
		case r.Name == "" || strings.Contains(pattern, ","):
			return nil
		case !slices.Contains(patterns, pattern):
			patterns = append(patterns, pattern)
		}
	}
	return []suggestion{to("leave "+terminal.Plural(len(refused), "it", "them")+" out", a.retry(flagValue{"ignore", strings.Join(patterns, ",")}))}
}

// warnOfUnused logs the patterns of --ignore that match nothing: it may be a typing mistake, or be meant for another
// database.
func (r *run) warnOfUnused(patterns []string, schemas ...*schema.Schema) {
	for _, p := range patterns {
		msg := "--ignore " + terminal.Quote(p) + " matches no object"
		for _, s := range schemas {
			// Most names begin with their schema.
			i := slices.IndexFunc(s.Objects, func(o *schema.Object) bool {
				return o.Schema != "" && (schema.MatchName(p, o.Name) || schema.QuoteIdent(o.Name) == p)
			})
			if i >= 0 {
				msg += "; did you mean " + terminal.Quote(globOf(s.Objects[i].QualifiedName())) + "?"
				break
			}
		}
		r.warn(eventUnused, msg, "pattern", p)
	}
}

// extension returns what to do about an extension that the scratch server lacks.
func (a adviser) extension(name string) advice {
	return advice{"the scratch server does not have the extension " + schema.QuoteIdent(name) + ": install it there, or name another server with --scratch-url or MIGRATE_SCRATCH_URL", nil}
}

// lacksPrivilege reports whether a script failed because of what its role may not do.
func lacksPrivilege(err error) bool {
	const insufficientPrivilege = "42501"
	if e, ok := errors.AsType[*migrator.RevisionError](err); ok {
		return e.SQLState == insufficientPrivilege
	}
	e, ok := errors.AsType[*migrator.SchemaFileError](err)
	return ok && e.SQLState == insufficientPrivilege
}

// scratchPrivilege returns what to do about a script that the role of the scratch server may not run.
func (a adviser) scratchPrivilege() advice {
	if a.settings.Role != "" {
		return advice{"scripts run as the role of --role there too: it needs the privilege on the scratch server", nil}
	}
	return advice{"it is run in a scratch database: name a role that may do it, such as a superuser of a server for development, with --scratch-url or MIGRATE_SCRATCH_URL", nil}
}

// usesScratch reports whether the running command makes scratch databases.
func (a adviser) usesScratch() bool {
	return strings.Contains(a.cmd.Annotations[annotationGroups], settings.GroupScratch)
}
