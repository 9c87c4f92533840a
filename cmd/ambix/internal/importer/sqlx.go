package importer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// sqlx reads github.com/launchbadge/sqlx: NUMBER_NAME.sql, or NUMBER_NAME.up.sql and
// NUMBER_NAME.down.sql. It sends a file as one message, in a transaction unless the file begins
// with "-- no-transaction".
var sqlx = tool{
	name: "sqlx", reads: "the folder of NUMBER_NAME.sql, or NUMBER_NAME.up.sql and NUMBER_NAME.down.sql", rows: each, table: "_sqlx_migrations",
	sharesSession: true, read: readSQLx,
}

func readSQLx(src source) (*project, error) {
	files, err := listFiles(src.dir, ".sql")
	if err != nil {
		return nil, err
	}
	p, bad := &project{}, problems{}
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
