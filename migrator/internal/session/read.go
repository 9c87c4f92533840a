package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/plan"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/revision"
)

// View reads where the database is. A database without a ledger is empty, unless it has
// one elsewhere. It writes nothing and locks nothing. Errors: *apply.LedgerError,
// *ledger.NewerError, *ledger.DecodeError, *plan.JoinError, *OtherLedgerError,
// *CitusError, *pg.ConnectError, *pg.LostError.
func (s *Session) View(ctx context.Context) (*plan.View, error) { return s.ViewFor(ctx, "") }

// ViewFor is View for an operation.
func (s *Session) ViewFor(ctx context.Context, verb plan.Verb) (*plan.View, error) {
	state, err := s.read(ctx, true)
	if err == nil && !state.Exists {
		if err = s.checkCitus(ctx, false); err == nil {
			err = s.checkOtherLedgers()
		}
	}
	if err != nil {
		return nil, err
	}
	return s.join(ctx, state, verb)
}

// join combines the files with a state. Where a newer program has recorded a revision in the place of others, these count as
// applied, unless the verb changes the rows themselves.
func (s *Session) join(ctx context.Context, state ledger.State, verb plan.Verb) (*plan.View, error) {
	if verb == plan.VerbPurge {
		return plan.Join(s.files, state)
	}
	for unknown := s.withoutFile(state); len(unknown) > 0; {
		rows, err := s.query(ctx, s.Ledger.ReadReplaced(unknown))
		if se := pg.ServerError(err); se != nil && se.Code == pg.InsufficientPrivilege {
			break // without the events, less is known
		}
		if err != nil {
			return nil, err
		}
		unknown = nil
		for _, row := range rows {
			if state.Replaced == nil {
				state.Replaced = map[string][]string{}
			}
			if _, read := state.Replaced[row[0].Text]; read {
				continue
			}
			ids := ledger.ParseReplaced(row[1].Text)
			state.Replaced[row[0].Text] = ids
			for _, id := range ids {
				if s.files.Revision(id) == nil {
					unknown = append(unknown, id) // it may have replaced others itself
				}
			}
		}
	}
	return plan.Join(s.files, state)
}

// withoutFile returns the revisions of the ledger that the files do not contain.
func (s *Session) withoutFile(state ledger.State) []string {
	var ids []string
	for i := range state.Rows {
		if id := state.Rows[i].Revision; s.files.Revision(id) == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Runner returns the runner that is at work on the ledger, and whether there is one. It locks
// nothing.
func (s *Session) Runner(ctx context.Context) (holder apply.Session, found bool, err error) {
	return s.runner.LockHolder(ctx)
}

// read reads the ledger in one round trip: everything, or what shows whether all rows
// are those of the files. If there is none, a second round trip looks at what there is.
func (s *Session) read(ctx context.Context, full bool) (ledger.State, error) {
	if err := s.conn.EnsureUTF8(ctx); err != nil {
		return ledger.State{}, err
	}
	sql := s.limits()
	role := len(sql) - 2 // unless there is none
	recovery, schema := -1, -1
	if s.conn.ServerVersion() < 140000 { // not reported by itself
		recovery = len(sql)
		sql = append(sql, "SELECT pg_catalog.pg_is_in_recovery()")
	}
	if s.TargetSchema != "" && s.TargetSchema != s.Ledger.Schema() { // otherwise look finds out
		schema = len(sql)
		sql = append(sql, ledger.HasSchema(s.TargetSchema))
	}
	relations := len(sql)
	sql = append(sql, s.Ledger.Relations())
	first := len(sql)
	sql = append(sql, s.Ledger.Read(full)...)
	s.foreign = false
	missing := false
	var found []string
	reader := ledger.Reader{Expect: s.files.Graph.Len()}
	_, err := s.conn.Send(ctx, pg.Message{SQL: strings.Join(sql, ";\n")}, pg.Handler{Row: func(statement int, fields [][]byte) {
		switch {
		case statement == recovery:
			s.recovering = string(fields[0]) == "t"
		case statement == schema:
			missing = string(fields[0]) != "t"
		case statement == relations:
			found = append(found, string(fields[0]))
			s.foreign = s.foreign || string(fields[1]) != "t"
		default:
			reader.Row(statement-first, fields)
		}
	}})
	if missing {
		return ledger.State{}, &SchemaError{s.TargetSchema}
	}
	if failed, ok := errors.AsType[*pg.StatementError](err); ok {
		if failed.Err.Code != pg.UndefinedTable || failed.Statement != first { // otherwise, look does that
			if err := s.conn.Identify(ctx); err != nil {
				return ledger.State{}, err
			}
		}
		incomplete := s.checkTables(found)
		switch code := failed.Err.Code; {
		case code == pg.UndefinedTable && incomplete != nil:
			return ledger.State{}, incomplete
		case code == pg.UndefinedTable && failed.Statement == first: // dropped in the meantime, if it was found
			return ledger.State{}, s.look(ctx)
		case code == pg.InvalidTextRepresentation && failed.Statement == relations:
			return ledger.State{}, s.relationError()
		case s.Role != "" && failed.Statement == role:
			return ledger.State{}, s.roleError(failed.Err)
		}
		return ledger.State{}, s.readError(failed.Err)
	}
	if err != nil {
		return ledger.State{}, err
	}
	state, err := reader.State(s.Ledger)
	if err != nil {
		return ledger.State{}, err
	}
	if !state.Exists {
		return ledger.State{}, &apply.LedgerError{Ledger: s.Ledger, Text: "the row of table " + s.Ledger.Meta() + " is missing", Hint: "restore it from a backup"}
	}
	s.runner.Citus = state.Citus
	return state, s.checkTables(found)
}

// relationError is the error for a ledger that Relations refuses.
func (s *Session) relationError() error {
	return &apply.LedgerError{Ledger: s.Ledger, Text: "one of its tables is a view or another kind of relation, and to read that may run code of its owner", Hint: "find out who created it, or use a ledger with another name"}
}

func (s *Session) readError(se *pgconn.PgError) error {
	e := apply.NewLedgerError(s.Ledger, se)
	switch {
	case se.Code == pg.LockNotAvailable:
		return s.runner.LockedLedger(se)
	case se.Code == pg.UndefinedColumn, se.Code == pg.UndefinedTable: // a column, or one of the tables
		e.Hint = "its tables are not as this program creates them; restore them from a backup"
	case se.Code == pg.InsufficientPrivilege:
		if e.Hint = s.runner.RowSecurityHint(se); e.Hint != "" {
			return e
		}
		e.Grants = s.Ledger.ReadGrants(s.runner.EffectiveRole())
	}
	return e
}

// roleError explains why SET ROLE failed.
func (s *Session) roleError(se *pgconn.PgError) error {
	e := s.conn.Unusable(pg.Rejected, se)
	role, user := sqltext.QuoteName(s.Role), sqltext.QuoteName(s.cfg.User)
	e.Hint = user + " cannot SET ROLE " + role + "; a member of it can: GRANT " + role + " TO " + user
	if s.conn.ServerVersion() >= 160000 { // a member may lack it
		e.Hint += " WITH SET TRUE"
	}
	if se.Code == pg.InvalidParameterValue {
		e.Hint = "no such role; check the name, or create it: CREATE ROLE " + role
	}
	return e
}

// limits are statements before what reads in a message of its own: a time limit for locks
// and no other one (pg.NoTimeouts), the role, and that the server refuses to hide rows
// (row-level security).
func (s *Session) limits() []string {
	limits := append(pg.NoTimeouts(s.conn.ServerVersion()), fmt.Sprintf("SET LOCAL lock_timeout = '%dms'", s.readTimeout().Milliseconds()))
	if s.Role != "" {
		limits = append(limits, "SET LOCAL ROLE "+sqltext.QuoteName(s.Role))
	}
	return append(limits, "SET LOCAL row_security = off")
}

// readTimeout is how long a read waits for a lock.
func (s *Session) readTimeout() time.Duration {
	if s.LockTimeout <= 0 {
		return apply.LedgerLockTimeout // no limit for revisions is not one for reads
	}
	return max(s.LockTimeout, time.Millisecond)
}

// withLimits puts limits before statements that read in a message of their own.
func (s *Session) withLimits(sql ...string) string {
	return strings.Join(append(s.limits(), sql...), ";\n")
}

// query reads the ledger in a message of its own. Errors: *apply.LedgerError if a lock was
// not obtained in time, and those of pg.Conn.Query.
func (s *Session) query(ctx context.Context, sql string) ([]pg.Row, error) {
	rows, err := s.conn.Query(ctx, s.withLimits(sql))
	if se := pg.ServerError(err); se != nil && se.Code == pg.LockNotAvailable {
		return nil, s.readError(se)
	}
	return rows, err
}

// Table is the result of a query.
type Table struct {
	Columns []string
	Rows    []pg.Row
}

// queryTimeout is the statement_timeout of a query that is not ours.
const queryTimeout = "60s"

// Select runs a query that is not ours in a read-only transaction. If it consists of several
// statements, the result is that of the last one that has columns. Errors: those of
// pg.Conn.Send.
func (s *Session) Select(ctx context.Context, query string) (Table, error) {
	if err := s.conn.EnsureUTF8(ctx); err != nil {
		return Table{}, err
	}
	sql := append([]string{"BEGIN READ ONLY"}, s.limits()...)
	sql = append(sql, "SET LOCAL statement_timeout = '"+queryTimeout+"'")
	var t Table
	_, err := s.conn.Send(ctx, pg.Message{SQL: strings.Join(append(sql, query), ";\n") + "\n;\nROLLBACK"}, pg.Handler{
		Columns: func(_ int, names []string) { t = Table{Columns: names} },
		Row:     func(_ int, fields [][]byte) { t.Rows = append(t.Rows, pg.NewRow(fields)) },
	})
	return t, err
}

// writable refuses a read-only server before anything is tried on it. It knows after a
// read.
func (s *Session) writable() error {
	reason := s.conn.ReadOnlyReason()
	if reason == "" && s.recovering {
		reason = "it is a standby"
	}
	if reason == "" {
		return nil
	}
	return s.conn.Unusable(pg.ReadOnly, errors.New("the server is read-only: "+reason))
}

// Fetch reads the down scripts of a plan that only the ledger has. Errors:
// apply.ErrStale when one is gone, *apply.LedgerError.
func (s *Session) Fetch(ctx context.Context, p *plan.Plan) error {
	ids := p.Stored()
	if len(ids) == 0 {
		return nil
	}
	if err := s.checkOwner(ctx); err != nil {
		return err
	}
	rows, err := s.query(ctx, s.Ledger.DownScripts(ids))
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row[2].Null || !slices.Contains(ids, row[0].Text) {
			return apply.ErrStale // irreversible by now
		}
		script, err := revision.StoredScript(row[0].Text, row[2].Text, row[1].Text)
		if err != nil {
			return &apply.LedgerError{Ledger: s.Ledger, Text: "cannot read the down script of " + row[0].Text, Err: err, Hint: err.Error()}
		}
		p.SetScript(row[0].Text, script, row[3].Text)
	}
	if left := p.Stored(); len(left) > 0 {
		return apply.ErrStale
	}
	return nil
}
