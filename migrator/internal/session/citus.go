package session

import (
	"context"
	"fmt"

	"example.com/ambix/migrator/internal/ledger"
	"example.com/ambix/migrator/internal/sqltext"
	"example.com/ambix/migrator/internal/text"
)

// CitusError refuses to write to a Citus cluster that is not set up for it. Nothing was
// written.
type CitusError struct {
	Problem CitusProblem
	Ledger  ledger.Tables
	// Coordinator is the host and port under which the workers know the coordinator; "" if
	// they do not.
	Coordinator string
	Tables      []string // of the ledger, quoted, that Citus distributes
}

// CitusProblem is why a cluster is refused.
type CitusProblem string

// The problems.
const (
	CitusWorker        CitusProblem = "worker"
	CitusSetCommands   CitusProblem = "set commands"
	CitusTenantSchema  CitusProblem = "tenant schema"
	CitusNewTenant     CitusProblem = "new tenant schema"
	CitusManagedTables CitusProblem = "managed tables"
	CitusDistributed   CitusProblem = "distributed ledger"
)

func (e *CitusError) Error() string {
	schema := sqltext.QuoteName(e.Ledger.Schema())
	switch e.Problem {
	case CitusWorker:
		return "this server is a worker of a Citus cluster; the ledger " + e.Ledger.String() + " belongs on the coordinator"
	case CitusSetCommands:
		return "citus.propagate_set_commands is local: Citus would send every message that contains SET LOCAL to its workers, with the statements for the ledger " + e.Ledger.String()
	case CitusTenantSchema:
		return "the schema " + schema + " is a tenant schema of Citus, so that the ledger " + e.Ledger.String() + " would be distributed to a worker"
	case CitusNewTenant:
		return "citus.enable_schema_based_sharding is on, so that the schema " + schema + ", which does not exist, would become a tenant schema and the ledger " + e.Ledger.String() + " would be distributed to a worker"
	case CitusManagedTables:
		return "citus.use_citus_managed_tables is on, so that Citus would manage the tables of the ledger " + e.Ledger.String()
	}
	return fmt.Sprintf("the ledger %s is not local to the coordinator: Citus distributes %s", e.Ledger, text.List(e.Tables, "and"))
}

// citusFacts is a query for the facts that decide whether a cluster can be written to: one
// row of group of this node (0: the coordinator), three settings, the coordinator's address,
// and whether the schemas that are tenants are known.
const citusFacts = `SELECT (SELECT groupid FROM pg_catalog.pg_dist_local_group),
  pg_catalog.current_setting('citus.propagate_set_commands', true), pg_catalog.current_setting('citus.enable_schema_based_sharding', true), pg_catalog.current_setting('citus.use_citus_managed_tables', true),
  (SELECT nodename OPERATOR(pg_catalog.||) ':'::pg_catalog.text OPERATOR(pg_catalog.||) nodeport::pg_catalog.text FROM pg_catalog.pg_dist_node WHERE groupid OPERATOR(pg_catalog.=) 0 LIMIT 1),
  pg_catalog.to_regclass('pg_catalog.pg_dist_schema') IS NOT NULL`

// checkCitus refuses a Citus cluster that cannot be written to, or in which there is no ledger
// where it would belong. It relies on a read, and does nothing for other databases. exists:
// there is a ledger. The error may be a *CitusError.
func (s *Session) checkCitus(ctx context.Context, exists bool) error {
	if !s.runner.Citus {
		return nil
	}
	rows, err := s.query(ctx, "SELECT FROM pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass('pg_catalog.pg_dist_local_group')")
	if err != nil || len(rows) == 0 { // an extension without its tables distributes nothing
		return err
	}
	if rows, err = s.query(ctx, citusFacts); err != nil {
		return err
	}
	facts := rows[0]
	refuse := func(p CitusProblem) error {
		return &CitusError{Problem: p, Ledger: s.Ledger, Coordinator: facts[4].Text}
	}
	switch {
	case facts[0].Text != "0" && !facts[0].Null:
		return refuse(CitusWorker)
	case facts[1].Text == "local":
		return refuse(CitusSetCommands)
	case exists:
		return s.checkDistributed(ctx)
	case s.runner.CreateSchema && facts[2].Text == "on":
		return refuse(CitusNewTenant)
	case facts[3].Text == "on":
		return refuse(CitusManagedTables)
	case facts[5].Text != "t" || s.runner.CreateSchema:
		return nil
	}
	rows, err = s.query(ctx, "SELECT FROM pg_catalog.pg_dist_schema WHERE schemaid::pg_catalog.oid OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace("+sqltext.QuoteLiteral(sqltext.QuoteName(s.Ledger.Schema()))+")::pg_catalog.oid")
	if err == nil && len(rows) > 0 {
		err = refuse(CitusTenantSchema)
	}
	return err
}

// checkDistributed refuses a ledger whose tables Citus distributes: its guards need the row
// versions of a local table.
func (s *Session) checkDistributed(ctx context.Context) error {
	e := &CitusError{Problem: CitusDistributed, Ledger: s.Ledger}
	rows, err := s.query(ctx, s.Ledger.Distributed())
	if err != nil || len(rows) == 0 {
		return err
	}
	for _, row := range rows {
		e.Tables = append(e.Tables, sqltext.QuoteName(s.Ledger.Schema())+"."+sqltext.QuoteName(row[0].Text))
	}
	return e
}
