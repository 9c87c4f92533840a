package main

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

// project is what was read of another tool's project.
type project struct {
	table      string      // the version table as SQL, when it is known to have another name than usual
	migrations []migration // parents first
	findings   []finding   // about what becomes no revision
}

// migration is one migration of another tool. Migrations refer to each other by version.
type migration struct {
	version string // as the tool's version table has it
	// id is the revision's; "": it is made of tool, version and name. A word that can be
	// no id of ours is replaced likewise.
	id      string
	name    string // of its file or files
	message string
	created time.Time // zero: unknown

	downRevision, dependsOn, labels []string

	up   script
	down *script // nil: the tool has no way down
}

// script is one direction of a migration.
type script struct {
	sql string
	// alone says that the tool runs it without a transaction.
	alone bool
	// code says what the tool runs here that is no SQL, or none that can be known: a
	// person has to write the script. sql is then what is known of it.
	code string
	// nothing says that it turned out to hold no statement.
	nothing  bool
	findings []finding // without a place: that is the file which becomes of the script
}

// finding is something that a person should look at.
type finding struct {
	what  string // the same words for all of a kind: they are shown once
	where string // a file, perhaps with a position and details
}

// chain links migrations to a line, in their order.
func chain(migrations []migration) []migration {
	for i := 1; i < len(migrations); i++ {
		migrations[i].downRevision = []string{migrations[i-1].version}
	}
	return migrations
}

// byNumber sorts by version as a number and looks for versions that two files have.
func byNumber(migrations []migration) error {
	slices.SortFunc(migrations, func(a, b migration) int {
		return cmp.Or(cmp.Compare(number(a.version), number(b.version)), cmp.Compare(a.name, b.name))
	})
	return unique(migrations)
}

func unique(migrations []migration) error {
	seen := map[string]string{}
	for _, m := range migrations {
		if first, ok := seen[m.version]; ok {
			return fmt.Errorf("version %s twice: %s and %s", m.version, first, m.name)
		}
		seen[m.version] = m.name
	}
	return nil
}

// number is 0 for what is none.
func number(version string) uint64 {
	n, err := strconv.ParseUint(version, 10, 63)
	if err != nil {
		return 0
	}
	return n
}

// ids gives each migration's revision id by its version, and what was to be decided.
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
			findings = append(findings, finding{"These ids can be none here, and others stand for them:", fmt.Sprintf("%q is now %s", m.id, id)})
		}
	}
	return ids, findings
}

// deriveID makes an id that looks like a new one and is the same for the same migration.
// YAML would read one without a letter other than e as a number.
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

// numbered reads the version and the readable part off a file name, NUMBER_NAME. ok is
// false for any other.
func numbered(base string) (version, name string, ok bool) {
	digits, name, ok := strings.Cut(base, "_")
	if !ok || strings.Trim(digits, "0123456789") != "" || number(digits) == 0 {
		return "", "", false
	}
	return strconv.FormatUint(number(digits), 10), name, true
}

// readable is a file name's words as a message.
func readable(name string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(name, "_", " ")), " ")
}

// versionTime is the time that a version stands for, as the tools write it: a date with
// or without a time, or a Unix time in seconds, milliseconds or nanoseconds. It is zero
// for a number that counts.
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
	case 14:
		t, _ = time.Parse("20060102150405", version)
	case 19:
		t = time.Unix(0, n)
	}
	if t.Year() < 1990 || t.Year() > 2100 {
		return time.Time{}
	}
	return t.UTC()
}

// noFiles says that a folder holds nothing of the tool's, and which one below it might.
func noFiles(dir, like string) error {
	text := fmt.Sprintf("no migrations in %s: they are files like %s", dir, like)
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".sql" || filepath.Dir(name) == dir {
			return err
		}
		text += "; there are .sql files in " + filepath.Dir(name)
		return fs.SkipAll
	})
	return errors.New(text)
}
