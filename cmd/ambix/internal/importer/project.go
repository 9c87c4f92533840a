package importer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/ambix/migrator/revision"
)

// project is another tool's project.
type project struct {
	table      string      // the version table as SQL if the project configures its name, else ""
	migrations []migration // parents first
	findings   []finding   // that belong to no revision
}

// migration is one migration of another tool. Migrations refer to each other by version.
type migration struct {
	version string // as the tool's version table has it
	// id is the revision's id. If it is "" or not allowed, one is derived from tool, version
	// and name.
	id   string
	name string // of its file or files
	// number are the digits that keep the order of the file names, if version is not a number.
	number string
	// alsoVersions are other versions for which the revision stands.
	alsoVersions []string
	// checkpoints are those that stand for the migration and all before it.
	checkpoints []checkpoint
	message     string
	created     time.Time // zero: unknown

	downRevision, dependsOn, labels []string

	up   script
	down *script // nil: there is none
}

// checkpoint is a version at which a new database may begin instead of the first migration.
type checkpoint struct{ version, name string }

// script is one direction of a migration.
type script struct {
	sql string
	// noTransaction: the tool runs it outside of a transaction.
	noTransaction bool
	// code describes what the tool runs if that cannot be converted to SQL. The script must
	// then be written by hand; sql is the part that is known.
	code     string
	empty    bool      // without a statement; set by body
	findings []finding // where is empty or a detail: the file follows from the script
}

// leftOut is a kind of finding.
const leftOut = "The tool ignores these files because of their names, and they were left out:"

// finding is something to check by hand.
type finding struct {
	what  string // the same text for all of a kind, which is shown once
	where string // a file, with a position and details if known
}

// chain makes each migration the parent of the next.
func chain(migrations []migration) []migration {
	for i := 1; i < len(migrations); i++ {
		migrations[i].downRevision = []string{migrations[i-1].version}
	}
	return migrations
}

// sortByNumber sorts by version as a number and reports duplicate versions.
func sortByNumber(migrations []migration) error {
	slices.SortFunc(migrations, func(a, b migration) int {
		return cmp.Or(cmp.Compare(number(a.version), number(b.version)), cmp.Compare(a.name, b.name))
	})
	return checkUnique(migrations)
}

func checkUnique(migrations []migration) error {
	seen, bad := map[string]string{}, problems{}
	for _, m := range migrations {
		if first, ok := seen[m.version]; ok {
			bad.addf("duplicate version %s: %s and %s", m.version, first, m.name)
		}
		seen[m.version] = m.name
	}
	return bad.err()
}

// digits returns the digits that keep the order of the file names, or "".
func (m *migration) digits() string {
	if m.number == "" && strings.Trim(m.version, "0123456789") == "" {
		return m.version
	}
	return m.number
}

// findGaps finds missing numbers, if the migrations are numbered one by one.
func (p *project) findGaps() {
	var gaps []finding
	ones := 0
	for i := 1; i < len(p.migrations); i++ {
		a, b := &p.migrations[i-1], &p.migrations[i]
		if !a.created.IsZero() || !b.created.IsZero() || a.digits() == "" || b.digits() == "" {
			continue
		}
		switch step := number(b.digits()) - number(a.digits()); {
		case step == 1:
			ones++
		case step > 1:
			gaps = append(gaps, finding{"Numbers are missing. Databases with a missing version cannot be adopted; look for its file in the history of the project:", fmt.Sprintf("between %s and %s", a.name, b.name)})
		}
	}
	if ones > len(gaps) {
		p.findings = append(p.findings, gaps...)
	}
}

// number returns a version as a number, or 0 if it is not one.
func number(version string) uint64 {
	n, err := strconv.ParseUint(version, 10, 63)
	if err != nil {
		return 0
	}
	return n
}

// ids returns the revision ids by version, and the ids that had to be replaced.
func (p *project) ids(tool string) (map[string]string, []finding) {
	ids := make(map[string]string, len(p.migrations))
	taken := map[string]bool{}
	for _, m := range p.migrations {
		if m.id != "" && revision.CheckID(m.id) == nil {
			ids[m.version] = m.id
			taken[m.id] = true
		}
	}
	var findings []finding
	for _, m := range p.migrations {
		if ids[m.version] != "" {
			continue
		}
		id := deriveID(tool, m.version, m.name, taken)
		ids[m.version] = id
		if m.id != "" {
			findings = append(findings, finding{"These ids are not allowed here and were replaced:", fmt.Sprintf("%q is now %s", m.id, id)})
		}
	}
	return ids, findings
}

// deriveID returns an id in the form of a new one that depends only on its arguments. It
// contains a letter other than e, or YAML would read it as a number.
func deriveID(tool, version, name string, taken map[string]bool) string {
	for try := 0; ; try++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", tool, version, name, try))
		id := hex.EncodeToString(sum[:6])
		if strings.ContainsAny(id, "abcdf") && !taken[id] {
			taken[id] = true
			return id
		}
	}
}

// numbered splits a file name of the form NUMBER_NAME. ok is false for any other.
func numbered(base string) (version, name string, ok bool) {
	digits, name, ok := strings.Cut(base, "_")
	if !ok || strings.Trim(digits, "0123456789") != "" || number(digits) == 0 {
		return "", "", false
	}
	return strconv.FormatUint(number(digits), 10), name, true
}

// messageOf makes a message of the words in a file name.
func messageOf(name string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(name, "_", " ")), " ")
}

// versionTime returns the time in a version: a date with or without a time of day, or a Unix
// time in seconds, milliseconds or nanoseconds. Diesel writes a time zone after the time, and others milliseconds or
// microseconds. It is zero for a sequence number.
func versionTime(version string) time.Time {
	var t time.Time
	n, _ := strconv.ParseInt(version, 10, 64)
	switch len(version) {
	case 8:
		t, _ = time.Parse("20060102", version)
	case 10:
		t = time.Unix(n, 0)
	case 12:
		t, _ = time.Parse("200601021504", version)
	case 13:
		t = time.UnixMilli(n)
	case 14, 17, 18, 20:
		t, _ = time.Parse("20060102150405", version[:14])
	case 19:
		t = time.Unix(0, n)
	}
	if t.Year() < 1990 || t.Year() > 2100 {
		return time.Time{}
	}
	return t.UTC()
}

// noMigrations returns the error for a folder without migrations. It names a folder below
// that may contain them.
func noMigrations(dir, example string) error {
	text := fmt.Sprintf("no migrations in %s (their names are like %s)", dir, example)
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".sql" || filepath.Dir(name) == dir {
			return err
		}
		text += "; there are .sql files in " + filepath.Dir(name)
		return fs.SkipAll
	})
	return errors.New(text)
}
