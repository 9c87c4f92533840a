package importer

import (
	"path/filepath"
	"regexp"
	"strings"
)

// prisma reads github.com/prisma/prisma: folders TIME_NAME with migration.sql, in the order of
// their names. It sends a file as one message, which is one transaction unless the file contains
// BEGIN or is a single statement that cannot run in one. So a script becomes transactional if
// possible. The documentation tells to put a script that reverts into down.sql.
var prisma = tool{
	name: "prisma", reads: "the folder of the folders TIME_NAME with migration.sql, usually prisma/migrations", rows: each, table: "_prisma_migrations",
	sharesSession: true, read: readPrisma,
}

var prismaProvider = regexp.MustCompile(`(?m)^[ \t]*provider[ \t]*=[ \t]*"([^"]*)"`)

func readPrisma(src source) (*project, error) {
	entries, err := listDir(src.dir)
	if err != nil {
		return nil, err
	}
	p, bad := &project{}, problems{}
	if lock := filepath.Join(src.dir, "migration_lock.toml"); isFile(lock) {
		text := bad.read(lock)
		if at := prismaProvider.FindStringSubmatchIndex(text); at != nil && text[at[2]:at[3]] != "postgresql" {
			bad.addf("%s:%d: the migrations are for %s, not for postgresql", lock, line(text, at[0]), text[at[2]:at[3]])
		}
	}
	for _, e := range entries {
		if !e.isDir {
			continue
		}
		file := filepath.Join(e.path, "migration.sql")
		if !isFile(file) {
			if strings.Trim(e.name[:min(14, len(e.name))], "0123456789") == "" {
				bad.addf("%s: there is no migration.sql", e.path)
			}
			continue
		}
		digits := leadingNumber.FindString(e.name)
		m := migration{
			version: e.name, name: e.name, number: digits, created: versionTime(digits),
			message: messageOf(strings.TrimLeft(e.name[len(digits):], "_-")), up: script{sql: bad.read(file)},
		}
		if down := filepath.Join(e.path, "down.sql"); isFile(down) {
			m.down = &script{sql: bad.read(down)}
		}
		p.migrations = append(p.migrations, m)
	}
	if len(p.migrations) == 0 && len(bad) == 0 {
		return nil, noMigrations(src.dir, "20211120191701_create_account/migration.sql")
	}
	p.migrations = chain(p.migrations)
	p.findGaps()
	return p, bad.err()
}
