package importer

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// flyway reads the SQL migrations of github.com/flyway/flyway in a location and the folders in
// it: V1.2__name.sql and U1.2__name.sql, which reverts it. What Flyway runs otherwise is left to
// a person.
var flyway = tool{
	name: "flyway", reads: "a location: the folder of V1.2__NAME.sql and U1.2__NAME.sql, folders in it included", rows: each, table: "flyway_schema_history",
	config: "flyway.conf or flyway.toml", data: "values of placeholders", placeholder: "${", read: readFlyway,
}

const (
	flywayRepeatable = "Flyway runs repeatable migrations again when they change. They were left out: put the current text into a revision, and each change into another one:"
	flywayCallback   = "Flyway runs callbacks around migrations. They were left out:"
	flywayBaseline   = "Flyway uses baseline migrations only for new databases; they were left out, because the versions before them exist:"
	flywayUndo       = "There is no migration that these undo, and they were left out:"
	flywayUnset      = "These placeholders have no value. Define them with -D or in --config, and import again:"
	flywayLocation   = "The configuration names these locations, which are not in DIR and were not read. Copy their files into one folder, and import that:"
	flywayOther      = "Flyway ignores these files because of their names, and they were left out:"
)

var (
	flywayVersion  = regexp.MustCompile(`^[0-9]+([._][0-9]+)*$`)
	flywayEvent    = regexp.MustCompile(`^(before|after)[A-Z][A-Za-z]*$|^createSchema$`)
	flywayCode     = regexp.MustCompile(`(?i)\.(java|kt|groovy|scala|class|sh|bash|bat|cmd|ps1|py|pl|rb|js)$`)
	flywayMetadata = regexp.MustCompile(`(?m)^[ \t]*(executeInTransaction|placeholderReplacement|shouldExecute|encoding)[ \t]*[=:][ \t]*(.*?)[ \t\r]*$`)
)

// flywayReader collects what is in a location.
type flywayReader struct {
	*project
	flywaySettings
	problems
	dir       string
	folders   []string              // that were read, as absolute paths
	undo      map[string]flywayFile // by canonical version
	baselines []flywayFile
}

// flywayFile is a file with its name taken apart.
type flywayFile struct {
	path, version, description string
}

func readFlyway(src source) (*project, error) {
	settings, err := readFlywaySettings(src)
	if err != nil {
		return nil, err
	}
	r := &flywayReader{project: &project{table: settings.versionTable()}, flywaySettings: settings, dir: src.dir, undo: map[string]flywayFile{}}
	if err := r.walk(src.dir); err != nil {
		return nil, err
	}
	slices.SortFunc(r.migrations, func(a, b migration) int {
		return cmp.Or(compareVersions(a.version, b.version), strings.Compare(a.name, b.name))
	})
	r.addBaseline()
	r.findLocations()
	if len(r.migrations) == 0 && len(r.problems) == 0 {
		return nil, noMigrations(src.dir, "V1__create_account.sql")
	}
	for i := range r.migrations {
		m := &r.migrations[i]
		m.number = fmt.Sprint(i + 1)
		if i > 0 && compareVersions(r.migrations[i-1].version, m.version) == 0 {
			r.addf("duplicate version %s: %s and %s", m.version, r.migrations[i-1].name, m.name)
		}
		if f, ok := r.undo[canonical(m.version)]; ok {
			down := r.script(f)
			m.down = &down
			delete(r.undo, canonical(m.version))
		}
	}
	for _, f := range r.undo {
		r.findings = append(r.findings, finding{flywayUndo, f.path})
	}
	slices.SortStableFunc(r.findings, func(a, b finding) int {
		return cmp.Or(strings.Compare(a.what, b.what), strings.Compare(a.where, b.where))
	})
	r.migrations = chain(r.migrations)
	return r.project, r.err()
}

// walk reads a folder and those in it. Links to folders are followed, as Flyway does.
func (r *flywayReader) walk(dir string) error {
	if len(strings.Split(dir, string(filepath.Separator))) > 64 {
		return fmt.Errorf("%s: too many nested folders: is there a link to a folder above?", dir)
	}
	entries, err := listDir(dir)
	if err != nil {
		return err
	}
	if path, err := filepath.Abs(dir); err == nil {
		r.folders = append(r.folders, path)
	}
	for _, e := range entries {
		if e.isDir {
			if err := r.walk(e.path); err != nil {
				return err
			}
			continue
		}
		r.addFile(e)
	}
	return nil
}

// findLocations reports the locations of the configuration that were not read. Where a classpath, or the working directory of
// Flyway, begins is not known, so a location is compared with the end of each path.
func (r *flywayReader) findLocations() {
	for _, location := range r.locations {
		location = strings.TrimSpace(location)
		_, path, ok := strings.Cut(location, ":")
		if !ok {
			path = location
		}
		end := "/" + strings.Trim(filepath.ToSlash(filepath.Clean(path)), "./")
		if end != "/" && !slices.ContainsFunc(r.folders, func(folder string) bool { return strings.HasSuffix(filepath.ToSlash(folder), end) }) {
			r.findings = append(r.findings, finding{flywayLocation, location})
		}
	}
}

// addFile sorts a file by its name.
func (r *flywayReader) addFile(e entry) {
	suffix := flywayCode.FindString(e.name)
	isCode := suffix != ""
	if i := slices.IndexFunc(r.suffixes, func(s string) bool { return strings.HasSuffix(strings.ToUpper(e.name), strings.ToUpper(s)) }); i >= 0 {
		suffix, isCode = r.suffixes[i], false
	} else if !isCode {
		return
	}
	stem := e.name[:len(e.name)-len(suffix)]
	name, description, separated := strings.Cut(stem, r.separator)
	f := flywayFile{path: e.path, description: strings.ReplaceAll(description, "_", " ")}
	versioned := func(prefix string) bool {
		version, ok := strings.CutPrefix(name, prefix)
		f.version = strings.ReplaceAll(version, "_", ".")
		return ok && separated && flywayVersion.MatchString(version)
	}
	switch {
	case versioned(r.versioned):
		r.addMigration(f, isCode)
	case isCode:
		return
	case versioned(r.undoPrefix):
		key := canonical(f.version)
		if other, ok := r.undo[key]; ok {
			r.addf("duplicate version %s: %s and %s", f.version, other.path, f.path)
		}
		r.undo[key] = f
	case versioned(r.baselinePrefix):
		r.baselines = append(r.baselines, f)
	case separated && name == r.repeatable:
		r.findings = append(r.findings, finding{flywayRepeatable, f.path})
	case flywayEvent.MatchString(name):
		r.findings = append(r.findings, finding{flywayCallback, f.path})
	default:
		r.findings = append(r.findings, finding{flywayOther, f.path})
	}
}

func (r *flywayReader) addMigration(f flywayFile, isCode bool) {
	name, err := filepath.Rel(r.dir, f.path)
	r.problems.add(err)
	m := migration{version: f.version, name: filepath.ToSlash(name), message: f.description, created: versionTime(f.version)}
	if isCode {
		m.up.code = "Flyway runs code: " + m.name
	} else {
		m.up = r.script(f)
	}
	r.migrations = append(r.migrations, m)
}

// addBaseline begins with the newest baseline if the versions up to it no longer exist.
func (r *flywayReader) addBaseline() {
	slices.SortFunc(r.baselines, func(a, b flywayFile) int { return compareVersions(a.version, b.version) })
	for i, f := range r.baselines {
		older := len(r.migrations) > 0 && compareVersions(r.migrations[0].version, f.version) <= 0
		if older || i < len(r.baselines)-1 {
			r.findings = append(r.findings, finding{flywayBaseline, f.path})
			continue
		}
		r.addMigration(f, false)
		r.migrations = append(r.migrations[len(r.migrations)-1:], r.migrations[:len(r.migrations)-1]...)
	}
}

// script reads a file with its script configuration, and replaces the placeholders.
func (r *flywayReader) script(f flywayFile) script {
	s, replace := script{sql: r.problems.read(f.path), noTransaction: r.noTransaction}, r.replacement
	if isFile(f.path + ".conf") {
		for _, parts := range flywayMetadata.FindAllStringSubmatch(r.problems.read(f.path+".conf"), -1) {
			value := strings.EqualFold(parts[2], "true")
			switch parts[1] {
			case "executeInTransaction":
				s.noTransaction = !value
			case "placeholderReplacement":
				replace = value
			case "shouldExecute":
				if !value {
					s.findings = append(s.findings, finding{"Flyway runs these only under a condition (shouldExecute). Here they always run:", parts[2]})
				}
			case "encoding":
				if strings.EqualFold(parts[2], "utf-8") {
					break
				}
				s.findings = append(s.findings, finding{"The script configuration names an encoding. The file was read as UTF-8: check it:", parts[2]})
			}
		}
	}
	if replace {
		var unset []finding
		s.sql, unset = r.replacePlaceholders(f.path, s.sql)
		r.findings = append(r.findings, unset...)
	}
	return s
}

// canonical returns the shortest text of a version: 1.2 for 01.2.0.
func canonical(version string) string {
	parts := strings.Split(version, ".")
	for i, part := range parts {
		parts[i] = strings.TrimLeft(part, "0")
	}
	return strings.TrimRight(strings.Join(parts, "."), ".")
}

// compareVersions compares versions like 1.10 number by number; missing ones are zero.
func compareVersions(a, b string) int {
	return slices.CompareFunc(strings.Split(canonical(a), "."), strings.Split(canonical(b), "."), func(x, y string) int {
		return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
	})
}
