package importer

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
)

// golangMigrate reads github.com/golang-migrate/migrate: NUMBER_NAME.up.sql and
// NUMBER_NAME.down.sql. Its PostgreSQL drivers send a file as one message, which is one
// transaction unless the file contains BEGIN or is a single statement that cannot run in
// one. So a script becomes transactional if possible.
var golangMigrate = tool{
	name: "golang-migrate", reads: "the folder of NUMBER_NAME.up.sql and NUMBER_NAME.down.sql", rows: last, table: "schema_migrations",
	sharesSession: true, read: readGolangMigrate,
}

const golangMigrateOther = "golang-migrate runs files whatever their names end in. These do not end in .sql and were left out. If one of them is a migration, rename it and import again:"

var golangMigrateFile = regexp.MustCompile(`^([0-9]+)_(.*)\.(down|up)\.(.*)$`)

func readGolangMigrate(src source) (*project, error) {
	entries, err := listDir(src.dir)
	if err != nil {
		return nil, err
	}
	p, byVersion := &project{}, map[uint64]*migration{}
	names := map[uint64][2]string{} // down, up
	for _, entry := range entries {
		parts := golangMigrateFile.FindStringSubmatch(entry.name)
		if parts == nil || entry.isDir {
			continue
		}
		if parts[4] != "sql" {
			p.findings = append(p.findings, finding{golangMigrateOther, entry.path})
			continue
		}
		version, err := strconv.ParseUint(parts[1], 10, 63)
		if err != nil {
			return nil, fmt.Errorf("%s: number out of range", entry.name)
		}
		if err := addGolangMigrate(src.dir, byVersion, names, version, parts); err != nil {
			return nil, err
		}
	}
	if len(byVersion) == 0 {
		return nil, noMigrations(src.dir, "000001_create_account.up.sql")
	}
	for _, m := range byVersion {
		p.migrations = append(p.migrations, *m)
	}
	if err := sortByNumber(p.migrations); err != nil {
		return nil, err
	}
	p.migrations = chain(p.migrations)
	p.findGaps()
	return p, nil
}

// addGolangMigrate adds a file to its version. The names of the two files may differ.
func addGolangMigrate(dir string, byVersion map[uint64]*migration, names map[uint64][2]string, version uint64, parts []string) error {
	text, err := readText(filepath.Join(dir, parts[0]))
	if err != nil {
		return err
	}
	m := byVersion[version]
	if m == nil {
		m = &migration{version: strconv.FormatUint(version, 10), created: versionTime(parts[1])}
		byVersion[version] = m
	}
	both, direction := names[version], 0
	if parts[3] == "up" {
		direction = 1
	}
	if both[direction] != "" {
		return fmt.Errorf("duplicate version %d: %s and %s", version, both[direction], parts[0])
	}
	both[direction] = parts[0]
	names[version] = both
	if direction == 1 {
		m.up.sql = text
	} else {
		m.down = &script{sql: text}
	}
	if direction == 1 || m.name == "" {
		m.name, m.message = parts[0], messageOf(parts[2])
	}
	return nil
}
