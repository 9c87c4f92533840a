package prove

import (
	"context"
	"strconv"
	"strings"

	"example.com/ambix/migrator/internal/pg"
)

// The queries on what revisions have made. They follow fixedPath.
const (
	// foreignKeysQuery finds the foreign keys whose columns are not the first ones of an index: rows of schema, table, constraint,
	// columns, and the table that it refers to. The action for ON DELETE is that of pg_constraint.
	foreignKeysQuery = `SELECT n.nspname, c.relname, k.conname,
  (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY o.n) FROM unnest(k.conkey) WITH ORDINALITY o(attnum, n) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.attnum),
  fn.nspname, f.relname, k.confdeltype
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND c.relkind IN ('r', 'p') AND NOT EXISTS (
  SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
  WHERE i.indrelid = k.conrelid AND m.amname IN ('btree', 'hash', 'gist', 'spgist')
  AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
  AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ '^[("]*[^<>=]* IS NOT NULL\)*$'))
ORDER BY n.nspname, c.relname, k.conname`

	// indexesQuery reads the indexes of tables: rows of schema, name, table, whether it is valid, unique, and what decides
	// whether another one can do its work.
	indexesQuery = `SELECT n.nspname, x.relname, t.relname, i.indisvalid, x.relkind, i.indisunique, i.indrelid, m.amname,
  i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text, i.indnkeyatts,
  coalesce(pg_get_expr(i.indpred, i.indrelid), ''), coalesce(pg_get_expr(i.indexprs, i.indrelid), ''), i.indisexclusion,
  coalesce(array_to_string(x.reloptions, ' '), ''), i.indisreplident OR i.indisclustered
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = x.relnamespace JOIN pg_am m ON m.oid = x.relam
WHERE t.relkind IN ('r', 'p', 'm') AND NOT x.relispartition AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY n.nspname, x.relname`

	// functionsQuery reads the functions that find names by the search_path of their caller, or by one that begins with the
	// temporary schema: rows of schema, name, types, whether it is SECURITY DEFINER, whether PUBLIC may execute it, its
	// search_path, its body, and an object that the server evaluates it for, if there is one.
	functionsQuery = `SELECT n.nspname, p.proname, oidvectortypes(p.proargtypes), p.prosecdef,
  EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE'),
  (SELECT substr(s, length('search_path=') + 1) FROM unnest(p.proconfig) s WHERE starts_with(s, 'search_path=')), p.prosrc,
  (SELECT CASE WHEN d.classid = 'pg_class'::regclass THEN 'index ' || d.objid::regclass::text
     WHEN d.classid = 'pg_constraint'::regclass THEN 'constraint ' || (SELECT quote_ident(k.conname) || ' on ' || k.conrelid::regclass::text FROM pg_constraint k WHERE k.oid = d.objid)
     WHEN d.classid = 'pg_attrdef'::regclass THEN 'generated column ' || (SELECT e.adrelid::regclass::text || '.' || quote_ident(a.attname) FROM pg_attrdef e JOIN pg_attribute a ON a.attrelid = e.adrelid AND a.attnum = e.adnum WHERE e.oid = d.objid)
     ELSE 'materialized view ' || (SELECT r.ev_class::regclass::text FROM pg_rewrite r WHERE r.oid = d.objid) END
   FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid AND (
     d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class x WHERE x.oid = d.objid AND x.relkind = 'i')
     OR d.classid = 'pg_constraint'::regclass AND EXISTS (SELECT FROM pg_constraint k WHERE k.oid = d.objid AND k.contype = 'c' AND k.conrelid <> 0)
     OR d.classid = 'pg_attrdef'::regclass AND EXISTS (SELECT FROM pg_attrdef e JOIN pg_attribute a ON a.attrelid = e.adrelid AND a.attnum = e.adnum WHERE e.oid = d.objid AND a.attgenerated <> '')
     OR d.classid = 'pg_rewrite'::regclass AND EXISTS (SELECT FROM pg_rewrite r JOIN pg_class v ON v.oid = r.ev_class WHERE r.oid = d.objid AND v.relkind = 'm'))
   ORDER BY 1 LIMIT 1)
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE p.prokind IN ('f', 'p') AND l.lanname NOT IN ('internal', 'c') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prosrc <> ''
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY n.nspname, p.proname, 3`

	// namesQuery reads the names that are found by search_path only: those of functions and of relations outside pg_catalog.
	namesQuery = `SELECT 'f', p.proname FROM pg_proc p WHERE p.pronamespace <> 'pg_catalog'::regnamespace AND NOT EXISTS (SELECT FROM pg_proc o WHERE o.proname = p.proname AND o.pronamespace = 'pg_catalog'::regnamespace)
UNION SELECT 'r', c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`
)

// made is what revisions have made that is looked at, besides their schema.
type made struct {
	foreignKeys []foreignKey
	indexes     []index
	functions   []function
	// functionNames and relationNames are found by search_path only.
	functionNames, relationNames map[string]bool
}

type foreignKey struct {
	schema, table, name, columns string
	refSchema, refTable          string
	onDelete                     string // the letter of pg_constraint.confdeltype
}

type index struct {
	schema, name, table    string
	valid, unique          bool
	partitioned            bool
	relation, method       string
	keys, classes          []string // of all columns, those of INCLUDE last
	collations, options    []string // of the key columns
	keyColumns             int
	predicate, expressions string
	excludes, marked       bool // an exclusion constraint; it serves as replica identity or to cluster by
	storage                string
}

type function struct {
	schema, name, types string
	definer, public     bool
	path                pg.Value // search_path; null if the function does not set it
	body                string
	usedBy              string // an object that the server evaluates it for; "" if there is none
}

// readMade reads what the database contains.
func readMade(ctx context.Context, conn *pg.Conn) (*made, error) {
	m := &made{functionNames: map[string]bool{}, relationNames: map[string]bool{}}
	isTrue := func(v pg.Value) bool { return v.Text == "t" }
	_, err := conn.Send(ctx, pg.Message{SQL: fixedPath + foreignKeysQuery + ";\n" + indexesQuery + ";\n" + functionsQuery + ";\n" + namesQuery}, pg.Handler{Row: func(statement int, fields [][]byte) {
		row := pg.NewRow(fields)
		switch statement {
		case 1:
			m.foreignKeys = append(m.foreignKeys, foreignKey{row[0].Text, row[1].Text, row[2].Text, row[3].Text, row[4].Text, row[5].Text, row[6].Text})
		case 2:
			m.indexes = append(m.indexes, index{
				schema: row[0].Text, name: row[1].Text, table: row[2].Text, valid: isTrue(row[3]), partitioned: row[4].Text == "I", unique: isTrue(row[5]), relation: row[6].Text, method: row[7].Text,
				keys: strings.Fields(row[8].Text), classes: strings.Fields(row[9].Text), collations: strings.Fields(row[10].Text), options: strings.Fields(row[11].Text), keyColumns: number(row[12].Text),
				predicate: row[13].Text, expressions: row[14].Text, excludes: isTrue(row[15]), storage: row[16].Text, marked: isTrue(row[17]),
			})
		case 3:
			m.functions = append(m.functions, function{row[0].Text, row[1].Text, row[2].Text, isTrue(row[3]), isTrue(row[4]), row[5], row[6].Text, row[7].Text})
		case 4:
			names := m.relationNames
			if row[0].Text == "f" {
				names = m.functionNames
			}
			names[row[1].Text] = true
		}
	}})
	return m, err
}

// number returns a number of the catalogs.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
