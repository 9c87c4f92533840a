package migrator

import (
	"errors"
	"fmt"
	"strings"

	"example.com/ambix/migrator/catalog"
	"example.com/ambix/migrator/ddl"
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/sample"
	"example.com/ambix/migrator/internal/snapshot"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/schema"
	"example.com/ambix/migrator/scratch"
)

// SchemaError reports a schema that cannot be read, compared or written: nothing was changed.
type SchemaError struct {
	Problem   SchemaProblem
	Refused   []schema.Refusal // of SchemaRefused and SchemaDamaged: the objects, each with the reason
	Cycle     []schema.Key     // of SchemaCycle: objects that need each other; the first and the last are the same
	Rows      []string         // of SchemaUnknown: rows of the catalogs, such as "public.x (pg_proc 16423)"
	Revisions []string         // of SchemaAhead, SchemaUnfinished and SchemaOutOfOrder
	Version   int              // of SchemaNewerServer, in the form of server_version_num
	failure
}

// SchemaProblem says what is wrong with a schema.
type SchemaProblem string

// The problems.
const (
	SchemaRefused     SchemaProblem = "refused"      // objects that cannot be written as SQL
	SchemaDamaged     SchemaProblem = "damaged"      // objects that are not as they should be, such as invalid indexes
	SchemaCycle       SchemaProblem = "cycle"        // no order of statements makes these objects
	SchemaUnknown     SchemaProblem = "unknown"      // objects of a kind that this version does not know
	SchemaNewerServer SchemaProblem = "newer server" // of a version whose schemas cannot be written yet
	SchemaChanging    SchemaProblem = "changing"     // other sessions are changing it; it is safe to try again
	SchemaDenied      SchemaProblem = "denied"       // the role may not read the system catalogs
	SchemaAhead       SchemaProblem = "ahead"        // applied revisions are not among the files
	SchemaUnfinished  SchemaProblem = "unfinished"   // an applied revision was interrupted
	SchemaOutOfOrder  SchemaProblem = "out of order" // a revision is pending below an applied one
)

// Error returns what is wrong.
func (e *SchemaError) Error() string {
	ids := text.List(e.Revisions, "and")
	switch e.Problem {
	case SchemaRefused, SchemaDamaged:
		var lines []string
		for _, r := range e.Refused {
			lines = append(lines, r.String())
		}
		return strings.Join(lines, "\n")
	case SchemaNewerServer:
		return fmt.Sprintf("the schema is one of PostgreSQL %d, and this version writes schemas up to PostgreSQL %d", e.Version/10000, catalog.Newest)
	case SchemaAhead:
		return "the database is ahead of the files, so the schema that its revisions make is unknown: " + ids
	case SchemaUnfinished:
		return "a revision is unfinished, so the schema that its revisions make is unknown: " + ids
	case SchemaOutOfOrder:
		return "revisions are pending below applied ones, so the schema that its revisions make is unknown: " + ids
	}
	return e.failure.Error()
}

// Kind depends on the problem.
func (e *SchemaError) Kind() Kind {
	switch e.Problem {
	case SchemaChanging:
		return KindLockTimeout
	case SchemaDenied:
		return KindDatabase
	case SchemaAhead:
		return KindPolicy
	case SchemaUnfinished:
		return KindUnfinished
	}
	return KindSchema
}

// ScratchError reports that a scratch database cannot be made or removed.
type ScratchError struct {
	Problem  ScratchProblem
	Host     string // and port of the server, or the directory of its socket; "" if none is named
	Database string // that was connected to, or that could not be removed
	Role     string
	Objects  []string // of ScratchNotEmpty and ScratchNotDropped, as far as they are known: what the database contains
	failure
}

// ScratchProblem says why there is no scratch database.
type ScratchProblem string

// The problems.
const (
	ScratchNotNamed   ScratchProblem = "not named"   // no server is named, and the configured database is on another machine
	ScratchNoCreateDB ScratchProblem = "no createdb" // the role may not create databases
	ScratchNotEmpty   ScratchProblem = "not empty"   // the role may not create databases, and the one that is named has objects
	ScratchConfigured ScratchProblem = "configured"  // the database that is named is the configured one
	ScratchInUse      ScratchProblem = "in use"      // another process uses the database that is named
	ScratchPooler     ScratchProblem = "pooler"      // there is a connection pooler in between
	ScratchNoLocale   ScratchProblem = "no locale"   // the server lacks the encoding or locale of the configured database
	ScratchUnusable   ScratchProblem = "unusable"    // the server cannot be reached, or refuses to create a database
	ScratchNotDropped ScratchProblem = "not dropped" // a database, or a part of its content, was left behind
)

// Kind is KindConnect for a server that is not usable. For a database that was left behind it is that of the cause, such as a
// revision that failed or a lost connection. Otherwise it is KindScratch.
func (e *ScratchError) Kind() Kind {
	switch e.Problem {
	case ScratchUnusable:
		return KindConnect
	case ScratchNotDropped:
		if cause, ok := errors.AsType[interface {
			error
			Kind() Kind
		}](e.Unwrap()); ok {
			return cause.Kind()
		}
	}
	return KindScratch
}

// SchemaFileError reports an SQL file that failed in a scratch database.
type SchemaFileError struct {
	File         string
	Line, Column int    // 1-based, the column in characters
	Source       string // the line
	Statement    string // the beginning of the failing statement
	SQLState     string // "" if the server is not the one that refused
	Reason       string // what went wrong, without the position
	excerpt      string
	failure
}

// Kind returns KindFiles.
func (e *SchemaFileError) Kind() Kind { return KindFiles }

// Excerpt returns the failing line with a caret, or the first lines of the failing statement, and the server's DETAIL, HINT
// and CONTEXT.
func (e *SchemaFileError) Excerpt() string { return e.excerpt }

// DataError reports rows of RehearseOptions.DataFrom that cannot be copied. It does not contain any of them.
type DataError struct {
	Table              string // qualified, and quoted where necessary; "" if it is about no table
	Column, Constraint string // "" if the server does not name one
	SQLState           string
	Reason             string // why, in words
	failure
}

// Kind returns KindSchema.
func (e *DataError) Kind() Kind { return KindSchema }

// schemaError is for schemas and scratch databases.
func schemaError(cause error, f failure) error {
	switch e := cause.(type) {
	case *SchemaError, *ScratchError, *SchemaFileError, *DraftError, *SquashError, *DataError:
		return e
	case *sample.Error:
		return &DataError{Table: e.Table, Column: e.Column, Constraint: e.Constraint, SQLState: e.Code, Reason: e.Reason, failure: f}
	case *scratch.LeftError:
		f.cause = newError(e.Err)
		return newScratchError(e.Left, f)
	case *scratch.Error:
		if e.Problem == scratch.NotDropped && e.Err != nil {
			f.cause = newError(e.Err)
		}
		return newScratchError(e, f)
	case *snapshot.BusyError:
		return &SchemaError{Problem: SchemaChanging, failure: f}
	case *snapshot.DeniedError:
		return &SchemaError{Problem: SchemaDenied, failure: f}
	case *catalog.UnknownError:
		return &SchemaError{Problem: SchemaUnknown, Rows: e.Rows, Version: e.Version, failure: f}
	case *ddl.RefusedError:
		return &SchemaError{Problem: SchemaRefused, Refused: e.Refused, failure: f}
	case *ddl.VersionError:
		return &SchemaError{Problem: SchemaNewerServer, Version: e.Version, failure: f}
	case *ddl.CycleError:
		return &SchemaError{Problem: SchemaCycle, Cycle: e.Path, failure: f}
	case *apply.RevisionError:
		if e.Revision == "" {
			return &SchemaFileError{
				File: e.File, Line: e.Line, Column: e.Column, Source: e.Source, Statement: e.Statement, SQLState: e.SQLState, Reason: e.Text,
				excerpt: e.Excerpt(), failure: f,
			}
		}
	}
	return nil
}

func newScratchError(e *scratch.Error, f failure) error {
	return &ScratchError{Problem: ScratchProblem(e.Problem), Host: e.Host, Database: e.Database, Role: e.Role, Objects: e.Objects, failure: f}
}

// MissingExtension returns the extension that the server lacks, if that is why an error came about; otherwise "".
func MissingExtension(err error) string {
	se := pg.ServerError(err)
	if se == nil || se.Code != pg.FeatureNotSupported && se.Code != pg.UndefinedFile {
		return ""
	}
	var statement string
	if e, ok := errors.AsType[*RevisionError](err); ok {
		statement = e.Statement
	} else if e, ok := errors.AsType[*SchemaFileError](err); ok {
		statement = e.Statement
	}
	if found, _ := sqltext.Split(statement); len(found) > 0 {
		return sqltext.NewExtension(statement, found[0])
	}
	return ""
}

// MissingRole returns the role that the server lacks, if that is why a script failed; otherwise "".
func MissingRole(err error) string {
	se := pg.ServerError(err)
	if se == nil || se.Code != pg.UndefinedObject || !strings.HasPrefix(se.Routine, "get_role") {
		return ""
	}
	return quoted(se.Message)
}

// ExistingRole returns the role that a script failed to create because the server has it, such as one that was created for
// another database, also at the same moment; otherwise "".
func ExistingRole(err error) string {
	switch se := pg.ServerError(err); {
	case se == nil:
		return ""
	case se.Code == pg.DuplicateObject && se.Routine == "CreateRole":
		return quoted(se.Message)
	case se.ConstraintName == "pg_authid_rolname_index": // "Key (rolname)=(app) already exists."
		_, name, _ := strings.Cut(se.Detail, "=(")
		return name[:max(strings.LastIndex(name, ")"), 0)]
	}
	return ""
}

// CreateRoleOnce returns a statement that creates a role unless the server has it, even if others create it at the same moment.
func CreateRoleOnce(role string) string {
	return "DO $$BEGIN CREATE ROLE " + sqltext.QuoteName(role) + "; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END$$;"
}

// quoted returns what a message of the server has in quotation marks.
func quoted(message string) string {
	_, rest, _ := strings.Cut(message, `"`)
	if i := strings.LastIndex(rest, `"`); i >= 0 {
		return rest[:i]
	}
	return rest
}
