package foreign

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tool is how one tool keeps its versions.
type tool struct {
	sql string // reads the table whose name replaces %s
	// each is true if the table has a row for every applied version.
	each bool
	// versions returns those that count as applied. dirty is a version that the tool did not
	// complete; reason is why the rows are invalid.
	versions func(rows [][]string, known map[string]string) (versions []string, dirty, reason string)
	// repair says how to tell the tool that a dirty version was corrected.
	repair string
}

var tools = map[string]tool{
	"alembic": {sql: "SELECT version_num FROM %s ORDER BY 1", versions: firstColumn},
	"atlas": {
		sql: `SELECT version, type OPERATOR(pg_catalog.&) 1, applied OPERATOR(pg_catalog.<>) total FROM %s
WHERE NOT pg_catalog.starts_with(version::pg_catalog.text, '.') ORDER BY 1`,
		each: true, versions: atlas, repair: "run `atlas migrate set`",
	},
	"dbmate": {sql: "SELECT version FROM %s ORDER BY 1", each: true, versions: firstColumn},
	"diesel": {sql: "SELECT version FROM %s ORDER BY 1", each: true, versions: firstColumn},
	"flyway": {
		sql:  "SELECT version, type, success FROM %s WHERE version IS NOT NULL ORDER BY installed_rank",
		each: true, versions: flyway, repair: "run `flyway repair`",
	},
	// goose has a row for every up and every down; the newest of a version counts.
	"goose": {sql: `SELECT version_id FROM (SELECT DISTINCT ON (version_id) version_id, is_applied FROM %s ORDER BY version_id, id DESC) v
WHERE is_applied AND version_id OPERATOR(pg_catalog.>) 0 ORDER BY 1`, each: true, versions: firstColumn},
	"golang-migrate": {sql: "SELECT version, dirty FROM %s", versions: func(rows [][]string, known map[string]string) ([]string, string, string) {
		if len(rows) > 0 && rows[0][1] == "t" {
			return nil, rows[0][0], ""
		}
		return upTo(rows, known)
	}, repair: "run `migrate force`"},
	"prisma": {
		sql: `SELECT migration_name, finished_at IS NULL FROM %s WHERE rolled_back_at IS NULL ORDER BY 1, 2`,
		// A row without an end that another one follows was left by a crash; Prisma refuses to go on as well.
		each: true, versions: unlessDirty, repair: "run `prisma migrate resolve`",
	},
	"rails":       {sql: "SELECT version FROM %s ORDER BY 1", each: true, versions: firstColumn},
	"sql-migrate": {sql: "SELECT id FROM %s ORDER BY 1", each: true, versions: firstColumn},
	"sqitch":      {sql: "SELECT change_id, project FROM %s ORDER BY committed_at", each: true, versions: sqitch},
	"sqlx": {
		sql:  "SELECT version, NOT success FROM %s ORDER BY 1",
		each: true, versions: unlessDirty, repair: "delete its row, or set success to true",
	},
	"tern": {sql: "SELECT version FROM %s", versions: func(rows [][]string, known map[string]string) ([]string, string, string) {
		if len(rows) == 1 && rows[0][0] == "0" {
			return nil, "", "" // before the first; golang-migrate deletes its row then, and may have a version 0
		}
		return upTo(rows, known)
	}},
}

func firstColumn(rows [][]string, _ map[string]string) ([]string, string, string) {
	var versions []string
	for _, row := range rows {
		versions = append(versions, row[0])
	}
	return versions, "", ""
}

// upTo is for tools that record one number: it and all lower ones are applied.
func upTo(rows [][]string, known map[string]string) ([]string, string, string) {
	if len(rows) > 1 {
		return nil, "", fmt.Sprintf("it has %d rows where there should be one", len(rows))
	}
	if len(rows) == 0 {
		return nil, "", ""
	}
	last, err := strconv.ParseInt(rows[0][0], 10, 64)
	if err != nil {
		return nil, "", fmt.Sprintf("version %q is not a number", rows[0][0])
	}
	var versions []string
	for version := range known {
		if n, err := strconv.ParseInt(version, 10, 64); err == nil && n <= last {
			versions = append(versions, version)
		}
	}
	if !slices.Contains(versions, rows[0][0]) {
		versions = append(versions, rows[0][0])
	}
	slices.SortFunc(versions, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
	return versions, "", ""
}

// unlessDirty is for tools with a row for each version, in which the second column is true if
// the version is not complete.
func unlessDirty(rows [][]string, _ map[string]string) ([]string, string, string) {
	for _, row := range rows {
		if row[1] == "t" {
			return nil, row[0], ""
		}
	}
	return firstColumn(rows, nil)
}

// flyway reads rows of version, type and success, the oldest first. The newest of a version
// counts: it may have been undone, or deleted by a repair. A baseline stands for all versions
// up to it, which need not have rows, nor files.
func flyway(rows [][]string, known map[string]string) ([]string, string, string) {
	applied := map[string]bool{}
	for _, row := range rows {
		version, kind := row[0], row[1]
		if row[2] != "t" {
			return nil, version, ""
		}
		switch {
		case kind == "SCHEMA": // not a migration
		case strings.HasPrefix(kind, "UNDO_"), kind == "DELETE":
			delete(applied, version)
		case kind == "BASELINE", kind == "SQL_BASELINE", kind == "JDBC_BASELINE":
			for v := range known {
				if compareFlyway(v, version) <= 0 {
					applied[v] = true
				}
			}
		default:
			applied[version] = true
		}
	}
	return sorted(applied, compareFlyway), "", ""
}

// compareFlyway compares versions like 1.10 number by number; missing ones are zero.
func compareFlyway(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		part := func(parts []string) string {
			if i >= len(parts) {
				return ""
			}
			return strings.TrimLeft(parts[i], "0")
		}
		if c := cmp.Or(cmp.Compare(len(part(x)), len(part(y))), strings.Compare(part(x), part(y))); c != 0 {
			return c
		}
	}
	return 0
}

// atlas reads rows of version, whether it is a baseline, and whether it is incomplete. A
// baseline stands for all versions up to it.
func atlas(rows [][]string, known map[string]string) ([]string, string, string) {
	applied := map[string]bool{}
	for _, row := range rows {
		switch {
		case row[1] != "0":
			for v := range known {
				if v <= row[0] {
					applied[v] = true
				}
			}
		case row[2] == "t":
			return nil, row[0], ""
		default:
			applied[row[0]] = true
		}
	}
	return sorted(applied, strings.Compare), "", ""
}

// sqitch reads rows of change id and project. The registry may contain several projects: those
// of which no change is known are left out, unless none is known.
func sqitch(rows [][]string, known map[string]string) ([]string, string, string) {
	ours := map[string]bool{}
	for _, row := range rows {
		if _, ok := known[row[0]]; ok {
			ours[row[1]] = true
		}
	}
	var versions []string
	for _, row := range rows {
		if len(ours) == 0 || ours[row[1]] {
			versions = append(versions, row[0])
		}
	}
	return versions, "", ""
}

func sorted(set map[string]bool, compare func(a, b string) int) []string {
	var all []string
	for v := range set {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(compare(a, b), strings.Compare(a, b)) })
	return all
}
