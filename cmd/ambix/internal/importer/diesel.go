package importer

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// diesel reads github.com/diesel-rs/diesel: folders VERSION_NAME with up.sql, down.sql and
// metadata.toml, in the order of the versions as text.
var diesel = tool{
	name: "diesel", reads: "the folder of the folders VERSION_NAME with up.sql and down.sql, usually migrations", rows: each, table: "__diesel_schema_migrations",
	sharesSession: true, read: readDiesel,
}

// dieselMetadata matches the only key of metadata.toml.
var dieselMetadata = regexp.MustCompile(`(?m)^[ \t]*run_in_transaction[ \t]*=[ \t]*(true|false)\b`)

func readDiesel(src source) (*project, error) {
	entries, err := listDir(src.dir)
	if err != nil {
		return nil, err
	}
	p, bad := &project{}, problems{}
	for _, e := range entries {
		if !e.isDir {
			continue
		}
		inside, err := listDir(e.path)
		if bad.add(err); len(inside) == 0 {
			continue // ignored by Diesel too
		}
		if !isFile(filepath.Join(e.path, "up.sql")) {
			bad.addf("%s: there is no up.sql", e.path)
			continue
		}
		version, name, _ := strings.Cut(e.name, "_")
		version = strings.ReplaceAll(version, "-", "")
		m := migration{version: version, name: e.name, message: messageOf(name), created: versionTime(version)}
		noTransaction := false
		if metadata := filepath.Join(e.path, "metadata.toml"); isFile(metadata) {
			// Without the key, the value is false.
			value := dieselMetadata.FindStringSubmatch(bad.read(metadata))
			noTransaction = value == nil || value[1] == "false"
		}
		m.up = script{sql: bad.read(filepath.Join(e.path, "up.sql")), noTransaction: noTransaction}
		if down := filepath.Join(e.path, "down.sql"); isFile(down) {
			m.down = &script{sql: bad.read(down), noTransaction: noTransaction}
		}
		p.migrations = append(p.migrations, m)
	}
	if len(p.migrations) == 0 && len(bad) == 0 {
		return nil, noMigrations(src.dir, "2021-11-20-191701_create_account/up.sql")
	}
	slices.SortFunc(p.migrations, func(a, b migration) int { return strings.Compare(a.version, b.version) })
	bad.add(checkUnique(p.migrations))
	p.migrations = chain(p.migrations)
	p.findGaps()
	return p, bad.err()
}
