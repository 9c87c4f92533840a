package importer

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// sqlx reads github.com/launchbadge/sqlx: NUMBER_NAME.sql, or NUMBER_NAME.up.sql and
// NUMBER_NAME.down.sql. It sends a file as one message, in a transaction unless the file begins
// with "-- no-transaction".
var sqlx = tool{
	name: "sqlx", reads: "the folder of NUMBER_NAME.sql, or NUMBER_NAME.up.sql and NUMBER_NAME.down.sql", rows: each, table: "_sqlx_migrations",
	config: "another sqlx.toml", sharesSession: true, read: readSQLx,
}

const sqlxSchemas = "SQLx creates these schemas itself (create-schemas in sqlx.toml), and no revision does. Add CREATE SCHEMA IF NOT EXISTS to the first one if a migration needs them:"

func readSQLx(src source) (*project, error) {
	files, err := listFiles(src.dir, ".sql")
	if err != nil {
		return nil, err
	}
	p, bad := &project{}, problems{}
	if err := p.readSQLxSettings(src); err != nil {
		return nil, err
	}
	downs := map[string]entry{}
	for _, f := range files {
		digits, name, ok := strings.Cut(f.name, "_")
		if !ok {
			p.findings = append(p.findings, finding{leftOut, f.path})
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 {
			bad.addf("%s: the name must begin with a number", f.path)
			continue
		}
		version := strconv.FormatInt(n, 10)
		if strings.HasSuffix(name, ".down.sql") {
			if other, ok := downs[version]; ok {
				bad.addf("duplicate version %s: %s and %s", version, other.name, f.name)
			}
			downs[version] = f
			continue
		}
		p.migrations = append(p.migrations, migration{
			version: version, name: f.name, created: versionTime(digits), up: sqlxScript(bad.read(f.path)),
			message: messageOf(strings.TrimSuffix(strings.TrimSuffix(name, ".sql"), ".up")),
		})
	}
	if len(p.migrations) == 0 && len(bad) == 0 {
		return nil, noMigrations(src.dir, "20211120191701_create_account.up.sql")
	}
	slices.SortFunc(p.migrations, func(a, b migration) int {
		return cmp.Or(cmp.Compare(number(a.version), number(b.version)), strings.Compare(a.name, b.name))
	})
	bad.add(checkUnique(p.migrations))
	for i := range p.migrations {
		m := &p.migrations[i]
		if f, ok := downs[m.version]; ok {
			down := sqlxScript(bad.read(f.path))
			m.down = &down
			delete(downs, m.version)
		}
	}
	for _, f := range downs {
		bad.addf("%s: there is no up file with this number", f.path)
	}
	p.migrations = chain(p.migrations)
	p.findGaps()
	return p, bad.err()
}

func sqlxScript(text string) script {
	_, rest, _ := strings.Cut(text, "\n")
	if strings.HasPrefix(text, "-- no-transaction") {
		return script{sql: rest, noTransaction: true}
	}
	return script{sql: text}
}

// readSQLxSettings reads what sqlx.toml says about the version table and schemas.
func (p *project) readSQLxSettings(src source) error {
	file := src.config
	if file == "" {
		file = findSQLxSettings(src.dir)
	}
	if file == "" {
		return nil
	}
	settings, err := readSettings(file)
	if err != nil {
		return err
	}
	for _, s := range settings {
		switch s.key {
		case "migrate.table-name", "migrate.create-schemas":
		default:
			continue // about the checksums of SQLx, and new migrations
		}
		switch {
		case !s.plain:
			return fmt.Errorf("%s:%d: %s: write the value as a string without backslashes", file, s.line, s.key)
		case s.key == "migrate.table-name" && s.value != "_sqlx_migrations":
			p.table = s.value // SQLx does not quote it either
		case s.key == "migrate.create-schemas" && s.value != "":
			p.findings = append(p.findings, finding{sqlxSchemas, strings.ReplaceAll(s.value, ",", ", ")})
		}
	}
	return nil
}

// findSQLxSettings returns the sqlx.toml of the crate to which a folder belongs, or "".
func findSQLxSettings(dir string) string {
	for range 4 {
		if file := filepath.Join(dir, "sqlx.toml"); isFile(file) {
			return file
		}
		if isFile(filepath.Join(dir, "Cargo.toml")) {
			break
		}
		dir = filepath.Join(dir, "..")
	}
	return ""
}
