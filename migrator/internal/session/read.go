package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
// *pg.ConnectError, *pg.LostError.
func (s *Session) View(ctx context.Context) (*plan.View, error) {
	state, err := s.read(ctx, true)
	if err == nil && !state.Exists {
		err = s.checkOtherLedgers(ctx)
	}
	if err != nil {
		return nil, err
	}
	return plan.Join(s.files, state)
}

// read reads the ledger in one round trip: everything, or what shows whether all rows
// are those of the files.
func (s *Session) read(ctx context.Context, full bool) (ledger.State, error) {
	if err := s.conn.EnsureUTF8(ctx); err != nil {
		return ledger.State{}, err
	}
	sql := s.setRole()
	if s.conn.ServerVersion() < 140000 { // not reported by itself
		sql = append(sql, "SELECT pg_catalog.pg_is_in_recovery()")
	}
	owners := len(sql)
	sql = append(sql, s.Ledger.Owners(s.LedgerOwner))
	first := len(sql)
	sql = append(sql, s.Ledger.Read(full)...)
	s.untrusted = nil
	reader := ledger.Reader{Expect: s.files.Graph.Len()}
	_, err := s.conn.Send(ctx, pg.Message{SQL: strings.Join(sql, ";\n")}, pg.Handler{Row: func(statement int, fields [][]byte) {
		switch {
		case statement < owners:
			s.recovering = string(fields[0]) == "t"
		case statement == owners:
			if o := ledger.DecodeOwner(fields); !o.Trusted {
				s.untrusted = append(s.untrusted, o)
			}
		default:
			reader.Row(statement-first, fields)
		}
	}})
	if failed, ok := errors.AsType[*pg.StatementError](err); ok {
		switch {
		case failed.Err.Code == pg.UndefinedTable && failed.Statement == first:
			return ledger.State{}, nil
		case failed.Statement == owners && failed.Err.Code == pg.InvalidTextRepresentation:
			return ledger.State{}, s.relationError()
		case s.Role != "" && failed.Statement == 0:
			return ledger.State{}, s.roleError(failed.Err)
		}
		return ledger.State{}, s.readError(failed.Err)
	}
	if err != nil {
		return ledger.State{}, err
	}
	state, err := reader.State(s.Ledger)
	if err == nil && !state.Exists {
		err = &apply.LedgerError{Ledger: s.Ledger, Text: "the row of table " + s.Ledger.Meta() + " is missing", Hint: "restore it from a backup"}
	}
	return state, err
}

// relationError is the error for a ledger that Owners refuses.
func (s *Session) relationError() error {
	return &apply.LedgerError{Ledger: s.Ledger, Text: "one of its relations is not a table, such as a view, which runs what its owner wrote", Hint: "find out who created it; a ledger with another name needs none of it"}
}

func (s *Session) readError(se *pgconn.PgError) error {
	e := &apply.LedgerError{Ledger: s.Ledger, Text: se.Message + " (" + se.Code + ")", Err: se}
	switch se.Code {
	case pg.UndefinedColumn, pg.UndefinedTable: // a column, or one of the tables
		e.Hint = "its tables are not as this program creates them; restore them from a backup"
	case pg.InsufficientPrivilege:
		e.Grants = s.Ledger.ReadGrants(s.effectiveRole())
	}
	return e
}

// effectiveRole is the role that the ledger is read and written as.
func (s *Session) effectiveRole() string {
	if s.Role != "" {
		return s.Role
	}
	return s.cfg.User
}

// roleError explains why SET ROLE failed.
func (s *Session) roleError(se *pgconn.PgError) error {
	e := s.conn.Unusable(pg.Rejected, se)
	role, user := sqltext.QuoteName(s.Role), sqltext.QuoteName(s.cfg.User)
	e.Hint = user + " cannot SET ROLE " + role + "; a member of it can: GRANT " + role + " TO " + user
	if se.Code == pg.InvalidParameterValue {
		e.Hint = "no such role; check the name, or create it: CREATE ROLE " + role
	}
	return e
}

func (s *Session) setRole() []string {
	if s.Role == "" {
		return nil
	}
	return []string{"SET LOCAL ROLE " + sqltext.QuoteName(s.Role)}
}

// withRole puts the role before statements that read in a message of their own.
func (s *Session) withRole(sql string) string { return strings.Join(append(s.setRole(), sql), ";\n") }

func (s *Session) query(ctx context.Context, sql string) ([]pg.Row, error) {
	return s.conn.Query(ctx, s.withRole(sql))
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

// checkOtherLedgers refuses to start a second history in a database that has a ledger in
// another place. The error is an *OtherLedgerError.
func (s *Session) checkOtherLedgers(ctx context.Context) error {
	rows, err := s.conn.Query(ctx, s.Ledger.HasSchema()+";\n"+s.Ledger.Others())
	if err != nil {
		return err
	}
	s.runner.CreateSchema = rows[0][0].Text != "t"
	var others []string
	for _, row := range rows[1:] {
		// Ours may have been created in the meantime.
		if other, ok := ledger.ParseOther(row[0].Text, row[1].Text); ok && other.Revisions() != s.Ledger.Revisions() {
			others = append(others, other.String())
		}
	}
	if len(others) == 0 {
		return nil
	}
	return &OtherLedgerError{Ledger: s.Ledger.String(), Others: others}
}

// OtherLedgerError reports a database that has no ledger where one was expected, but has
// one elsewhere. Nothing was run.
type OtherLedgerError struct {
	Ledger string
	Others []string
}

func (e *OtherLedgerError) Error() string {
	return fmt.Sprintf("the database has no ledger %s, but it has %s", e.Ledger, strings.Join(e.Others, " and "))
}

// Fetch reads the down scripts of a plan that only the ledger has. Errors:
// apply.ErrStale when one is gone, *apply.LedgerError.
func (s *Session) Fetch(ctx context.Context, p *plan.Plan) error {
	ids := p.Stored()
	if len(ids) == 0 {
		return nil
	}
	if err := s.checkOwner(); err != nil {
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
