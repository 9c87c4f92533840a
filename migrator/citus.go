package migrator

import "example.com/ambix/migrator/internal/session"

// CitusError reports a Citus cluster that cannot be written to as it is, or a server that is
// not its coordinator: nothing was written.
type CitusError struct {
	Problem CitusProblem
	Ledger  string
	// Coordinator is the host and port under which a worker knows the coordinator; "" if it
	// does not.
	Coordinator string
	Tables      []string // of CitusDistributed, quoted
	failure
}

// CitusProblem is why a Citus cluster is refused.
type CitusProblem string

// The problems.
const (
	// CitusWorker: the server is a worker; a second ledger would be created there.
	CitusWorker CitusProblem = "worker"
	// CitusSetCommands: citus.propagate_set_commands is local.
	CitusSetCommands CitusProblem = "set commands"
	// CitusTenantSchema: the ledger's schema is distributed (schema-based sharding).
	CitusTenantSchema CitusProblem = "tenant schema"
	// CitusNewTenant: the ledger's schema does not exist and would be distributed.
	CitusNewTenant CitusProblem = "new tenant schema"
	// CitusManagedTables: citus.use_citus_managed_tables is on, and there is no ledger yet.
	CitusManagedTables CitusProblem = "managed tables"
	// CitusDistributed: tables of the ledger are distributed, or managed by Citus.
	CitusDistributed CitusProblem = "distributed ledger"
)

// Kind returns KindCitus.
func (e *CitusError) Kind() Kind { return KindCitus }

func newCitusError(e *session.CitusError, f failure) *CitusError {
	return &CitusError{Problem: CitusProblem(e.Problem), Ledger: e.Ledger.String(), Coordinator: e.Coordinator, Tables: e.Tables, failure: f}
}
