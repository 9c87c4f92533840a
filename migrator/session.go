package migrator

import (
	"context"
	"errors"
	"fmt"
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

// session is one connection and what is done with it.
type session struct {
	set    *Set
	cfg    *pgconn.Config
	conn   *pg.Conn
	runner *apply.Runner
	// awaited: the server did not answer at once when the session was opened last.
	awaited bool
	// recovering: the server said so at the last read. Newer ones report it by themselves.
	recovering bool
}

func (s *Set) open(ctx context.Context, cfg *pgconn.Config) (*session, error) {
	host, proc := process()
	ss := &session{set: s, cfg: cfg}
	ss.runner = &apply.Runner{
		Ledger: s.ledger, Author: ledger.Author{From: host, Version: s.cfg.Version, Run: newRun()}, Role: s.cfg.Role, Process: proc,
		LockTimeout: s.cfg.LockTimeout, StatementTimeout: s.cfg.StatementTimeout, RetryFor: s.cfg.RetryFor, Single: s.cfg.SingleTransaction, FlushEvery: s.cfg.FlushEvery, OnEvent: s.cfg.OnEvent,
	}
	ss.runner.Second = func(ctx context.Context) (*pg.Conn, error) { return ss.dial(ctx, 0) }
	return ss, ss.connect(ctx, s.cfg.Wait)
}

func (ss *session) dial(ctx context.Context, wait time.Duration) (*pg.Conn, error) {
	o := ss.set.options()
	o.Wait, o.First = wait, ss.set.begun(ss.cfg)
	o.OnRetry = func(err error) {
		ss.awaited = true
		ss.set.emit(Connecting{Err: err})
	}
	return pg.Connect(ctx, ss.cfg, o)
}

// connect opens the session, or opens it again after a loss.
func (ss *session) connect(ctx context.Context, wait time.Duration) error {
	ss.awaited = false
	conn, err := ss.dial(ctx, wait)
	if err != nil {
		return err
	}
	ss.conn, ss.runner.Conn, ss.runner.ServerVersion = conn, conn, conn.ServerVersion()
	return nil
}

func (ss *session) close() {
	if ss.conn != nil {
		ss.conn.Close()
	}
}

// read reads the ledger in one round trip, all of its rows or what tells whether they are
// those of the files. It creates nothing and locks nothing.
func (ss *session) read(ctx context.Context, full bool) (ledger.State, error) {
	if err := ss.conn.EnsureUTF8(ctx); err != nil {
		return ledger.State{}, err
	}
	name := ss.set.ledger
	var sql []string
	if ss.set.cfg.Role != "" {
		sql = append(sql, "SET LOCAL ROLE "+sqltext.QuoteName(ss.set.cfg.Role))
	}
	if ss.conn.ServerVersion() < 140000 { // it does not report that by itself
		sql = append(sql, "SELECT pg_catalog.pg_is_in_recovery()")
	}
	first := len(sql)
	sql = append(sql, name.Read(full)...)
	reader := ledger.Reader{Expect: ss.set.files.Graph.Len()}
	_, err := ss.conn.Send(ctx, pg.Message{SQL: strings.Join(sql, ";\n")}, pg.Handler{Row: func(statement int, fields [][]byte) {
		if statement < first {
			ss.recovering = string(fields[0]) == "t"
			return
		}
		reader.Row(statement-first, fields)
	}})
	var failed *pg.StatementError
	if errors.As(err, &failed) {
		if failed.Err.Code == pg.UndefinedTable && failed.Statement == first {
			return ledger.State{}, nil
		}
		if ss.set.cfg.Role != "" && failed.Statement == 0 {
			return ledger.State{}, ss.roleError(failed.Err)
		}
		return ledger.State{}, ss.readError(failed.Err)
	}
	if err != nil {
		return ledger.State{}, err
	}
	state, err := reader.State(name)
	if err == nil && !state.Exists {
		err = &apply.LedgerError{Ledger: name, Text: "the table " + name.Meta() + " has lost its row", Hint: "restore it from a backup"}
	}
	return state, err
}

func (ss *session) readError(se *pgconn.PgError) error {
	e := &apply.LedgerError{Ledger: ss.set.ledger, Text: se.Message + " (" + se.Code + ")", Err: se}
	switch se.Code {
	case pg.UndefinedColumn, pg.UndefinedTable: // a column or one of the tables
		e.Hint = "its tables are not those that this program makes: restore them from a backup"
	case pg.InsufficientPrivilege:
		schema := sqltext.QuoteName(ss.set.ledger.Schema())
		user := sqltext.QuoteName(ss.cfg.User)
		e.Hint = fmt.Sprintf("the owner can run: GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON %s, %s, %s TO %[2]s",
			schema, user, ss.set.ledger.Revisions(), ss.set.ledger.Events(), ss.set.ledger.Meta())
	}
	return e
}

// roleError is for a role that this user cannot become.
func (ss *session) roleError(se *pgconn.PgError) error {
	e := ss.conn.Unusable(pg.Rejected, se)
	role, user := sqltext.QuoteName(ss.set.cfg.Role), sqltext.QuoteName(ss.cfg.User)
	e.Hint = "--role names it; let " + user + " become it: GRANT " + role + " TO " + user
	if se.Code == pg.InvalidParameterValue { // there is none of that name
		e.Hint = "--role names it; check the name, or create it: CREATE ROLE " + role
	}
	return e
}

// writable refuses a server that would refuse us, before anything is tried there. It
// knows after a read.
func (ss *session) writable() error {
	why := ss.conn.ReadOnlyReason()
	if why == "" && ss.recovering {
		why = "it is a standby"
	}
	if why == "" {
		return nil
	}
	return ss.conn.Unusable(pg.ReadOnly, errors.New("the server takes no changes: "+why))
}

// others looks around in a database without a ledger, and refuses to start a second
// one beside one in another place.
func (ss *session) others(ctx context.Context) error {
	rows, err := ss.conn.Query(ctx, ss.set.ledger.HasSchema()+";\n"+ss.set.ledger.Others())
	if err != nil {
		return err
	}
	ss.runner.CreateSchema = rows[0][0].Text != "t"
	var names []string
	for _, row := range rows[1:] {
		// Ours may have been made since it was looked for.
		if other, ok := ledger.OtherName([]string{row[0].Text, row[1].Text}); ok && other.Revisions() != ss.set.ledger.Revisions() {
			names = append(names, other.String())
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &OtherLedgerError{Ledger: ss.set.ledger.String(), Others: names}
}

// OtherLedgerError says that the database has no ledger where one was expected, but one
// elsewhere. Nothing was run.
type OtherLedgerError struct {
	Ledger string
	Others []string
}

func (e *OtherLedgerError) Error() string {
	return fmt.Sprintf("there is no ledger %s, but the database has %s; use --ledger %s, or --ledger with a third name for a set of revisions of its own",
		e.Ledger, strings.Join(e.Others, " and "), e.Others[0])
}

// roleFirst is what comes before statements that read in a message of their own.
func (ss *session) roleFirst() string {
	if ss.set.cfg.Role == "" {
		return ""
	}
	return "SET LOCAL ROLE " + sqltext.QuoteName(ss.set.cfg.Role) + ";\n"
}

// fetch brings the down scripts that only the ledger has.
func (ss *session) fetch(ctx context.Context, p *plan.Plan) error {
	ids := p.Stored()
	if len(ids) == 0 {
		return nil
	}
	rows, err := ss.conn.Query(ctx, ss.roleFirst()+ss.set.ledger.DownScripts(ids))
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row[2].Null {
			return apply.ErrStale // irreversible by now
		}
		script, err := revision.StoredScript(row[0].Text, row[2].Text, row[1].Text)
		if err != nil {
			return &apply.LedgerError{Ledger: ss.set.ledger, Text: "the down script of " + row[0].Text + " cannot be read", Err: err, Hint: err.Error()}
		}
		p.SetScript(row[0].Text, script, row[3].Text)
	}
	if left := p.Stored(); len(left) > 0 {
		return apply.ErrStale
	}
	return nil
}
