package sqltext

import "strings"

// Outside is one thing that a statement does outside of the database that it runs in.
type Outside struct {
	Start   int    // where it is in the source; in a string, where that begins
	Command string // such as "ALTER SYSTEM", or the name of a function
	Effect  Effect
	// Database is the one that is named, as the catalogs contain it, but not yet cut to 63 bytes: of OtherDatabase.
	Database string
	// Roles get the members, or lose them: of Membership. Options: the statement says what else the members may do.
	Roles, Members  []string
	Revoke, Options bool
}

// Effect is what a statement does outside of its database.
type Effect uint8

// The effects.
const (
	ChangesServer Effect = iota
	OtherDatabase        // changes the database that it names
	RunsProgram          // on the server
	WritesFile           // on the server
	EndsSessions         // or their statements
	UsesSlot             // creates, drops or advances a replication slot
	Connects             // to another database
	Membership           // of one role in another
)

// outsideFunctions are functions that do something outside of the database in which they are called.
var outsideFunctions = map[string]Effect{
	"pg_reload_conf": ChangesServer, "pg_rotate_logfile": ChangesServer, "pg_promote": ChangesServer, "pg_switch_wal": ChangesServer,
	"pg_create_restore_point": ChangesServer, "pg_start_backup": ChangesServer, "pg_stop_backup": ChangesServer, "pg_backup_start": ChangesServer, "pg_backup_stop": ChangesServer,
	"pg_wal_replay_pause": ChangesServer, "pg_wal_replay_resume": ChangesServer, "pg_stat_reset_shared": ChangesServer, "pg_stat_statements_reset": ChangesServer,
	"pg_replication_origin_create": ChangesServer, "pg_replication_origin_drop": ChangesServer, "pg_replication_origin_advance": ChangesServer,
	"pg_terminate_backend": EndsSessions, "pg_cancel_backend": EndsSessions,
	"lo_export": WritesFile, "pg_file_write": WritesFile, "pg_file_rename": WritesFile, "pg_file_unlink": WritesFile,
	"pg_create_physical_replication_slot": UsesSlot, "pg_create_logical_replication_slot": UsesSlot, "pg_copy_physical_replication_slot": UsesSlot,
	"pg_copy_logical_replication_slot": UsesSlot, "pg_drop_replication_slot": UsesSlot, "pg_replication_slot_advance": UsesSlot,
	"pg_logical_slot_get_changes": UsesSlot, "pg_logical_slot_get_binary_changes": UsesSlot,
	"dblink": Connects, "dblink_connect": Connects, "dblink_connect_u": Connects, "dblink_exec": Connects, "dblink_open": Connects, "dblink_send_query": Connects,
}

// OutsideOf returns what a statement does outside of its database, as far as it can be seen: by its own words, those of a DO
// block and of the strings in it, and the functions that it calls by name. What a function does is not seen, nor what a
// statement does that is made from parts.
func OutsideOf(src string, s Statement) []Outside {
	o := outsideReader{at: -1, here: strings.Contains(lower(src[s.Start:s.End]), "current_database")}
	r := newTokenReader(src, s)
	if !r.next() {
		return nil
	}
	o.command(r)
	switch {
	case r.is("DO"):
		for r.next() {
			if r.isLiteral() {
				o.nested(r)
			}
		}
	case r.is("COMMENT"), r.is("CREATE") && !r.makesRows():
	default:
		for r.next() {
			o.call(r)
		}
	}
	return o.found
}

// makesRows reports whether a query is run by the CREATE that was read.
func (r tokenReader) makesRows() bool {
	r.acceptAny("TEMP", "TEMPORARY", "UNLOGGED")
	return r.acceptAny("TABLE", "MATERIALIZED")
}

type outsideReader struct {
	found []Outside
	at    int  // where everything is that is found; -1: where it is in the source
	here  bool // the statement asks which database it runs in
}

func (o *outsideReader) add(r tokenReader, found Outside) {
	if found.Start = r.tok.Start; o.at >= 0 {
		found.Start = o.at
	}
	if found.Effect != Connects || !o.here { // usually a connection to the same database
		o.found = append(o.found, found)
	}
}

// nested reads the literal at r as a block or a statement.
func (o *outsideReader) nested(r tokenReader) {
	if r.open {
		return
	}
	inner, text := *o, r.text()
	inner.found = nil
	if r.tok.Kind == Dollar {
		tag := strings.IndexByte(text[1:], '$') + 2
		inner.body(newTokenReader(r.src, Statement{Start: r.tok.Start + tag, End: r.tok.End - tag}))
	} else {
		if inner.at < 0 {
			inner.at = r.tok.Start
		}
		quote := strings.IndexByte(text, '\'')
		text = strings.ReplaceAll(text[quote+1:len(text)-1], "''", "'")
		inner.body(newTokenReader(text, Statement{End: len(text)}))
	}
	o.found = append(o.found, inner.found...)
}

// body reads PL/pgSQL, in which a statement may begin at any word. What is only said or defined is left out, until the
// statement ends.
func (o *outsideReader) body(r tokenReader) {
	inert := false
	for r.next() {
		switch {
		case r.isOperator(";"):
			inert = false
		case inert:
		case r.isLiteral():
			o.nested(r)
		case r.is("RAISE"), r.is("COMMENT") && !r.commentsOutside(), r.is("CREATE") && r.defines():
			inert = true
		default:
			o.command(r)
			o.call(r)
		}
	}
}

// defines reports whether the CREATE that was read is about a function, which may do anything, but not now.
func (r tokenReader) defines() bool {
	if r.accept("OR") {
		r.accept("REPLACE")
	}
	return r.acceptAny("FUNCTION", "PROCEDURE", "VIEW", "RULE")
}

func (r tokenReader) commentsOutside() bool {
	return r.accept("ON") && r.acceptAny("DATABASE", "TABLESPACE")
}

// call adds the function that is called at r.
func (o *outsideReader) call(r tokenReader) {
	if r.tok.Kind != Word && r.tok.Kind != QuotedName {
		return
	}
	name := r.name()
	effect, known := outsideFunctions[name]
	if ahead := r; known && ahead.next() && ahead.isOperator("(") {
		o.add(r, Outside{Command: name, Effect: effect})
	}
}

// command adds what the statement does that begins at r.
func (o *outsideReader) command(r tokenReader) {
	start := r
	server := func(command string) { o.add(start, Outside{Command: command}) }
	database := func(command string) {
		r.acceptIfExists()
		if _, name := r.qualified(); name != "" {
			o.add(start, Outside{Command: command, Effect: OtherDatabase, Database: name})
		}
	}
	switch {
	case r.is("ALTER"):
		switch {
		case r.acceptAny("SYSTEM", "TABLESPACE"):
			server("ALTER " + strings.ToUpper(r.text()))
		case r.accept("DATABASE"):
			database("ALTER DATABASE")
		case r.acceptAny("ROLE", "USER"):
			kind := strings.ToUpper(r.text())
			if r.roleNames(); r.accept("IN") && r.accept("DATABASE") {
				database("ALTER " + kind + " IN DATABASE")
			}
		}
	case r.is("CREATE"):
		if r.acceptAny("DATABASE", "TABLESPACE") {
			server("CREATE " + strings.ToUpper(r.text()))
		}
	case r.is("DROP"):
		switch {
		case r.accept("TABLESPACE"):
			server("DROP TABLESPACE")
		case r.accept("DATABASE"):
			database("DROP DATABASE")
		}
	case r.is("COPY"):
		o.copy(r)
	case r.is("COMMENT"), r.is("SECURITY") && r.accept("LABEL"):
		command := "COMMENT"
		if r.is("LABEL") {
			command = "SECURITY LABEL"
		}
		if r.accept("FOR") {
			r.next()
		}
		if r.accept("ON") {
			switch {
			case r.accept("DATABASE"):
				database(command + " ON DATABASE")
			case r.accept("TABLESPACE"):
				server(command + " ON TABLESPACE")
			}
		}
	case r.is("GRANT"), r.is("REVOKE"):
		o.grant(r)
	}
}

// copy adds a COPY with a program, or to a file of the server.
func (o *outsideReader) copy(r tokenReader) {
	start := r
	if ahead := r; !ahead.next() || !ahead.isOperator("(") { // otherwise it is a query
		r.qualified()
	}
	r.skipParens()
	if !r.acceptAny("FROM", "TO") {
		return
	}
	to := r.is("TO")
	switch {
	case r.accept("PROGRAM"):
		o.add(start, Outside{Command: "COPY PROGRAM", Effect: RunsProgram})
	case to && r.next() && r.isLiteral():
		o.add(start, Outside{Command: "COPY TO a file", Effect: WritesFile})
	}
}

// grant adds privileges on what belongs to the server, and memberships.
func (o *outsideReader) grant(r tokenReader) {
	start, verb := r, strings.ToUpper(r.text())
	for ahead := r; ; {
		ahead.skipParens()
		if !ahead.next() || ahead.isOperator(";") || ahead.is("TO") || ahead.is("FROM") {
			break
		}
		if !ahead.is("ON") {
			continue
		}
		switch {
		case ahead.accept("DATABASE"):
			for _, name := range ahead.roleNames() {
				o.add(start, Outside{Command: verb + " ON DATABASE", Effect: OtherDatabase, Database: name})
			}
		case ahead.acceptAny("TABLESPACE", "PARAMETER"):
			o.add(start, Outside{Command: verb + " ON " + strings.ToUpper(ahead.text())})
		}
		return
	}
	m := Outside{Command: verb, Effect: Membership, Revoke: verb == "REVOKE"}
	if option := r; m.Revoke && option.acceptAny("ADMIN", "INHERIT", "SET") && option.accept("OPTION") && option.accept("FOR") {
		r, m.Options = option, true
	}
	m.Roles = r.roleNames()
	if len(m.Roles) == 0 || !r.acceptAny("TO", "FROM") {
		return
	}
	m.Members = r.roleNames()
	m.Options = m.Options || r.accept("WITH")
	if len(m.Members) > 0 {
		o.add(start, m)
	}
}

// OwnedRoles returns the roles whose objects REASSIGN OWNED and DROP OWNED name, which include databases, in the way of
// CreatedRoles.
func OwnedRoles(src string) []string {
	return rolesAfter(src, func(r *tokenReader) bool {
		return (r.is("REASSIGN") || r.is("DROP")) && r.accept("OWNED") && r.accept("BY")
	})
}
