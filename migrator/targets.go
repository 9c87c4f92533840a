package migrator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/session"
	"example.com/ambix/migrator/internal/text"
	"example.com/ambix/migrator/scratch"
)

// SchemaTargets returns a target for each schema of a database whose name match accepts,
// sorted by name. Those of PostgreSQL itself are never among them.
func (m *Migrator) SchemaTargets(ctx context.Context, cfg *pgconn.Config, match func(schema string) bool) ([]Target, error) {
	names, err := m.names(ctx, cfg, "SELECT nspname FROM pg_catalog.pg_namespace"+
		" WHERE NOT pg_catalog.starts_with(nspname::pg_catalog.text, 'pg_') AND nspname OPERATOR(pg_catalog.<>) 'information_schema'", match)
	return each(names, func(name string) Target { return Target{Name: name, Config: cfg, Schema: name} }), err
}

// DatabaseTargets returns a target for each database of a server whose name match accepts,
// sorted by name. Templates, scratch databases and those that do not accept connections are never among
// them.
func (m *Migrator) DatabaseTargets(ctx context.Context, cfg *pgconn.Config, match func(database string) bool) ([]Target, error) {
	names, err := m.names(ctx, cfg, "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate"+
		" AND NOT "+scratch.IsScratch, match)
	return each(names, func(name string) Target { return Target{Name: name, Config: withDatabase(cfg, name)} }), err
}

func (m *Migrator) names(ctx context.Context, cfg *pgconn.Config, sql string, match func(string) bool) ([]string, error) {
	var names []string
	err := m.with(ctx, cfg, func(s *session.Session) error {
		found, err := s.Select(ctx, sql)
		for _, row := range found.Rows {
			if match(row[0].Text) {
				names = append(names, row[0].Text)
			}
		}
		return err
	})
	slices.Sort(names)
	return names, err
}

// withDatabase returns the configuration for another database of the server.
func withDatabase(cfg *pgconn.Config, database string) *pgconn.Config {
	if database == cfg.Database {
		return cfg
	}
	other := cfg.Copy()
	other.Database = database
	return other
}

// targetColumns are the columns that a query for QueryTargets may have.
var targetColumns = []string{"target", "database", "schema", "ledger", "wave"}

// QueryTargets returns a target for each row of a query, which runs in a read-only
// transaction, in the order of the rows. The column target is the name; database, schema,
// ledger and wave are the fields of Target, and may be missing or NULL. A query with neither
// database nor schema returns names of schemas. Rows that are equal are one target. If the
// query or its result is invalid, the error is a *ConfigError.
func (m *Migrator) QueryTargets(ctx context.Context, cfg *pgconn.Config, query string) ([]Target, error) {
	var found session.Table
	err := m.with(ctx, cfg, func(s *session.Session) (err error) {
		found, err = s.Select(ctx, query)
		if e, ok := errors.AsType[*pg.StatementError](err); ok {
			err = queryError(query, e.Error())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, column := range found.Columns {
		switch {
		case !slices.Contains(targetColumns, column):
			return nil, queryError(query, "unknown column "+text.Quote(column)+"; the columns are "+text.List(targetColumns, "and"))
		case slices.Contains(found.Columns[:i], column):
			return nil, queryError(query, "two columns have the name "+column)
		}
	}
	if !slices.Contains(found.Columns, "target") {
		return nil, queryError(query, "it has no column target")
	}
	var targets []Target
	listed := map[Target]bool{}
	configs := map[string]*pgconn.Config{}
	for i, row := range found.Rows {
		t, err := newRowTarget(cfg, configs, found.Columns, row)
		if err != nil {
			return nil, queryError(query, fmt.Sprintf("row %d: %v", i+1, err))
		}
		if !listed[t] {
			listed[t] = true
			targets = append(targets, t)
		}
	}
	return targets, nil
}

func queryError(query, reason string) error {
	return &ConfigError{Setting: "query of targets", Value: query, Reason: reason}
}

// newRowTarget returns the target of a row. configs are the configurations of databases, so
// that targets share them.
func newRowTarget(cfg *pgconn.Config, configs map[string]*pgconn.Config, columns []string, row pg.Row) (Target, error) {
	t := Target{Config: cfg}
	for i, column := range columns {
		value := row[i].Text
		if row[i].Null {
			continue
		}
		switch column {
		case "target":
			t.Name = value
		case "schema":
			t.Schema = value
		case "ledger":
			t.Ledger = value
		case "database":
			if configs[value] == nil {
				configs[value] = withDatabase(cfg, value)
			}
			t.Config = configs[value]
		case "wave":
			n, err := strconv.Atoi(strings.TrimSpace(value))
			if err != nil {
				return t, fmt.Errorf("wave is %s, which is not an integer", text.Quote(value))
			}
			t.Wave = n
		}
	}
	if t.Name == "" {
		return t, errors.New("target is NULL or empty")
	}
	if !slices.Contains(columns, "schema") && !slices.Contains(columns, "database") {
		t.Schema = t.Name
	}
	return t, nil
}
