package pg

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// EngineError reports a server that speaks PostgreSQL's protocol and is not PostgreSQL. What
// such engines lack differs: DDL in transactions, advisory locks, or the row versions by which
// a closing write recognizes its transaction. None of them can record a revision in the
// transaction that applies it.
type EngineError struct {
	Engine  string // "" for one that is not known by name
	Version string // the result of version(); "" if that was not needed
}

func (e *EngineError) Error() string {
	if e.Engine != "" {
		return "the server is " + e.Engine + ", not PostgreSQL: a revision and its record cannot be one transaction there"
	}
	return fmt.Sprintf("the server is not PostgreSQL: its version() is %q, without the compiler that PostgreSQL names", e.Version)
}

// engines are the engines that are known by name. Their documents and sources say by what:
// a parameter that only they report, or a part of server_version or version().
var engines = []struct{ name, parameter, version string }{
	{"CockroachDB", "crdb_version", "CockroachDB"},
	{"YugabyteDB", "", "-YB-"},
	{"Amazon Redshift", "padb_version", "Redshift"},
	{"Materialize", "", "Materialize"},
	{"CrateDB", "crate_version", "CrateDB"},
	{"QuestDB", "", "QuestDB"},
	{"RisingWave", "", "RisingWave"},
	{"CedarDB", "", "CedarDB"},
}

// engineOfHost returns the engine that all servers of a domain run, or "".
func engineOfHost(host string) string {
	if rest, ok := strings.CutSuffix(strings.ToLower(host), ".on.aws"); ok && strings.Contains(rest, ".dsql.") {
		return "Aurora DSQL"
	}
	return ""
}

// engineByParameters returns the engine as far as the server named it when the session began;
// "" for PostgreSQL, and for an engine that only version() tells apart.
func (c *Conn) engineByParameters() string {
	for _, e := range engines {
		if e.parameter != "" && c.Parameter(e.parameter) != "" || strings.Contains(c.Parameter("server_version"), e.version) {
			return e.name
		}
	}
	return ""
}

// Identify asks the server what it is. The error is a *ConnectError for a server that is not
// PostgreSQL, nil for one that is or does not tell, and otherwise that of the connection. It
// costs a round trip, and is for a server that has refused what PostgreSQL accepts.
func (c *Conn) Identify(ctx context.Context) error {
	// An engine may have version(), and no schema pg_catalog.
	for _, sql := range []string{"SELECT pg_catalog.version()", "SELECT version()"} {
		rows, err := c.Query(ctx, sql)
		switch {
		case err != nil && ServerError(err) != nil && !c.Closed():
		case err != nil:
			return err
		case len(rows) > 0 && len(rows[0]) > 0:
			return c.CheckVersion(rows[0][0].Text)
		}
	}
	return nil
}

// CheckVersion returns a *ConnectError if the result of version() is that of another engine.
func (c *Conn) CheckVersion(version string) error {
	e := &EngineError{Version: version}
	for _, known := range engines {
		if strings.Contains(version, known.version) {
			e.Engine = known.name
			return c.Unusable(NotPostgreSQL, e)
		}
	}
	if !strings.Contains(version, ", compiled by ") { // PostgreSQL's configure and meson.build write it
		return c.Unusable(NotPostgreSQL, e)
	}
	return nil
}

// poolerAt returns what is known about the pooler at the address of a configuration: its name,
// and the host and port of the server behind it. Both are "" for any other address.
func poolerAt(cfg *pgconn.Config) (name, direct string) {
	host := strings.ToLower(cfg.Host)
	first, domain, _ := strings.Cut(host, ".")
	_, project, _ := strings.Cut(cfg.User, ".")
	switch {
	case strings.HasSuffix(host, ".pooler.supabase.com"):
		if project != "" {
			direct = "db." + project + ".supabase.co:5432"
		}
		return "Supabase's pooler", direct
	case strings.HasSuffix(host, ".supabase.co") && cfg.Port == 6543:
		return "Supabase's pooler", host + ":5432"
	case strings.HasSuffix(first, "-pooler") && strings.HasSuffix(host, ".neon.tech"):
		return "Neon's pooler", fmt.Sprintf("%s.%s:%d", strings.TrimSuffix(first, "-pooler"), domain, cfg.Port)
	case strings.HasSuffix(host, ".postgres.database.azure.com") && cfg.Port == 6432:
		return "Azure's PgBouncer", host + ":5432"
	case strings.HasSuffix(host, ".rds.amazonaws.com") && strings.Contains(host, ".proxy-"):
		return "RDS Proxy", ""
	case cfg.Port == 6432:
		return "PgBouncer", "" // its default port
	}
	return "", ""
}

// Pooler returns the name of the pooler at the address of the session, and the host and port of
// the server behind it, as far as the address tells; "" otherwise.
func (c *Conn) Pooler() (name, direct string) { return poolerAt(c.cfg) }
