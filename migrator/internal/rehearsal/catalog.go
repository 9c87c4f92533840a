package rehearsal

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/rehearse"
	"example.com/ambix/migrator/schema"
)

// The queries on what a statement can change. They are restricted to the relations that the session has locked, except at
// the start: a statement changes no other relation. No query locks a relation of the schema.
const (
	isUser = "c.relpersistence OPERATOR(pg_catalog.<>) 't' AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','m','i','I','f','v','S']::pg_catalog.\"char\"[])" +
		" AND c.relnamespace OPERATOR(pg_catalog.<>) ALL (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')" +
		" OR n.nspname OPERATOR(pg_catalog.=) 'information_schema'))"
	isLocked = " OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT l.relation FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.relation IS NOT NULL))"

	constraintsQuery = `SELECT k.oid, k.conrelid, k.conname, k.contype, k.convalidated, k.confrelid, pg_catalog.array_to_string(k.conkey, ' ')
FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) k.conrelid
WHERE k.conparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid AND ` + isUser

	locksQuery = `SELECT DISTINCT l.relation, l.mode FROM pg_catalog.pg_locks l WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND l.relation IS NOT NULL`

	// scansQuery reads the scans that are counted before a transaction begins.
	scansQuery = `SELECT c.oid, pg_catalog.pg_stat_get_xact_numscans(c.oid) FROM pg_catalog.pg_class c
WHERE c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','m']::pg_catalog."char"[]) AND pg_catalog.pg_stat_get_xact_numscans(c.oid) OPERATOR(pg_catalog.>) 0`
)

var (
	relationsQuery = `SELECT c.oid, n.nspname, c.relname, c.relkind, c.relfilenode, COALESCE(i.indrelid, h.inhparent, 0::pg_catalog.oid), i.indisunique, i.indisvalid,
  pg_catalog.pg_stat_get_xact_numscans(c.oid), c.relpersistence, c.reltablespace, c.relam, c.relispopulated,
  pg_catalog.pg_get_userbyid(c.relowner), ` + privileges("COALESCE(c.relacl, pg_catalog.acldefault(CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 's' ELSE 'r' END::pg_catalog.\"char\", c.relowner))") + `, c.relrowsecurity, c.relforcerowsecurity,
  EXISTS (SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid OPERATOR(pg_catalog.=) c.oid AND p.polpermissive)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid OPERATOR(pg_catalog.=) c.oid
LEFT JOIN pg_catalog.pg_inherits h ON c.relispartition AND h.inhrelid OPERATOR(pg_catalog.=) c.oid WHERE ` + isUser

	columnsQuery = `SELECT a.attrelid, a.attnum, a.attname, a.attisdropped, a.attnotnull, a.atttypid, a.atttypmod, a.atthasdef OR a.attidentity OPERATOR(pg_catalog.<>) '', a.attgenerated, ` + privileges("a.attacl") + `
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r','p','m','f','v']::pg_catalog."char"[]) AND ` + isUser
)

// relation is a row of relationsQuery.
type relation struct {
	oid, schema, name, kind, file string
	parent                        string // the table of an index, the parent of a partition; "0": none
	unique, valid                 bool   // of an index
	populated                     bool   // not a materialized view without rows
	scans                         string
	persistence, tablespace, am   string
	access                        access
	columns                       map[string]column // by number
}

func (r *relation) qualified() string { return schema.Qualify(r.schema, r.name) }

// hasRows reports whether it is a relation with rows of its own.
func (r *relation) hasRows() bool { return r.kind == "r" || r.kind == "m" }

type column struct {
	name                         string
	dropped, notNull, hasDefault bool
	typ                          string // with its modifier
	generated                    bool
	privileges                   string // those of privileges
}

type constraint struct {
	relation, name, kind string
	valid                bool
	refers               string // to the relation of a foreign key
	columns              string // their numbers
}

// catalog is what the database contains, by object identifiers.
type catalog struct {
	relations   map[string]*relation
	constraints map[string]constraint
	named       map[string]named // by their keys
}

func newCatalog() *catalog {
	return &catalog{map[string]*relation{}, map[string]constraint{}, map[string]named{}}
}

// readCatalog reads everything.
func readCatalog(ctx context.Context, conn *pg.Conn) (*catalog, error) {
	c := newCatalog()
	_, err := conn.Send(ctx, pg.Message{SQL: strings.Join([]string{relationsQuery, columnsQuery, constraintsQuery, namedQuery}, ";\n")}, pg.Handler{Row: func(statement int, fields [][]byte) {
		c.add(statement, pg.NewRow(fields))
	}})
	return c, err
}

// readLocked returns a catalog in which the relations that the session has locked are read again, and if names is set what else
// has a name, and the locks. all: those that are not locked are read again, too.
func (c *catalog) readLocked(ctx context.Context, conn *pg.Conn, names, all bool) (*catalog, map[string]schema.LockMode, error) {
	locks := map[string]schema.LockMode{}
	next := newCatalog()
	which := " AND c.oid" + isLocked
	if all {
		which = ""
	}
	queries := []string{locksQuery, relationsQuery + which, columnsQuery + which, constraintsQuery + which}
	if names || all {
		queries = append(queries, namedQuery)
	} else {
		next.named = c.named
	}
	_, err := conn.Send(ctx, pg.Message{SQL: strings.Join(queries, ";\n")}, pg.Handler{Row: func(statement int, fields [][]byte) {
		row := pg.NewRow(fields)
		if statement > 0 {
			next.add(statement-1, row)
			return
		}
		strengthen(locks, row[0].Text, schema.LockMode(row[1].Text))
	}})
	if err != nil {
		return nil, nil, err
	}
	if all {
		return next, locks, nil
	}
	for oid, r := range c.relations {
		if _, locked := locks[oid]; !locked {
			next.relations[oid] = r
		}
	}
	for oid, k := range c.constraints {
		if _, locked := locks[k.relation]; !locked {
			next.constraints[oid] = k
		}
	}
	return next, locks, nil
}

// strengthen keeps the strongest mode for each relation.
func strengthen(locks map[string]schema.LockMode, oid string, mode schema.LockMode) {
	if mode.Strength() > locks[oid].Strength() {
		locks[oid] = mode
	}
}

// add adds a row of one of the four queries.
func (c *catalog) add(query int, row pg.Row) {
	isTrue := func(i int) bool { return row[i].Text == "t" }
	switch query {
	case 0:
		c.relations[row[0].Text] = &relation{
			oid: row[0].Text, schema: row[1].Text, name: row[2].Text, kind: row[3].Text, file: row[4].Text, parent: row[5].Text, unique: isTrue(6), valid: isTrue(7),
			scans: row[8].Text, persistence: row[9].Text, tablespace: row[10].Text, am: row[11].Text, populated: isTrue(12),
			access: access{owner: row[13].Text, privileges: row[14].Text, secured: isTrue(15), forced: isTrue(16), permitted: isTrue(17)}, columns: map[string]column{},
		}
	case 1:
		if r := c.relations[row[0].Text]; r != nil {
			r.columns[row[1].Text] = column{
				name: row[2].Text, dropped: isTrue(3), notNull: isTrue(4), typ: row[5].Text + " " + row[6].Text, hasDefault: isTrue(7), generated: row[8].Text != "", privileges: row[9].Text,
			}
		}
	case 2:
		c.constraints[row[0].Text] = constraint{relation: row[1].Text, name: row[2].Text, kind: row[3].Text, valid: isTrue(4), refers: row[5].Text, columns: row[6].Text}
	case 3:
		n := newNamed(row)
		c.named[n.key()] = n
	}
}

// references returns the foreign keys between different tables, sorted.
func (c *catalog) references() []rehearse.Reference {
	found := map[rehearse.Reference]bool{}
	for _, k := range c.constraints {
		if k.kind == "f" && k.refers != k.relation {
			found[rehearse.Reference{From: k.relation, To: k.refers}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b rehearse.Reference) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
}

// names returns the names of all relations and of their columns, and of what else has a name.
func (c *catalog) names() map[string]bool {
	names := map[string]bool{}
	for _, r := range c.relations {
		names[r.qualified()] = true
		for _, column := range r.columns {
			if !column.dropped {
				names[r.qualified()+"."+schema.QuoteIdent(column.name)] = true
			}
		}
	}
	for _, n := range c.named {
		names[n.title()] = true
	}
	return names
}

// table returns the table of an index, and any other relation itself.
func (c *catalog) table(r *relation) *relation {
	if r.kind == "i" || r.kind == "I" {
		if t := c.relations[r.parent]; t != nil {
			return t
		}
	}
	return r
}
