package importer

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/ambix/migrator/revision"
)

// rails reads db/structure.sql of Ruby on Rails, the schema that all migrations together make.
// It becomes one revision, which stands for all versions that the file inserts at its end. The
// migrations are Ruby and cannot be converted one by one.
var rails = tool{
	name: "rails", reads: "the application, or its folder db, with structure.sql: all migrations become one revision", rows: each, table: "schema_migrations",
	config: "another structure.sql", read: readRails,
}

var (
	railsVersions  = regexp.MustCompile(`^(?is)INSERT INTO (?:[\w".]+\.)?"?schema_migrations"? \(version\) VALUES\s*(.*)$`)
	railsVersion   = regexp.MustCompile(`\('([^']+)'\)`)
	railsOwnTable  = regexp.MustCompile(`(?s)^(?:CREATE TABLE|ALTER TABLE(?: ONLY)?|COMMENT ON TABLE|CREATE UNIQUE INDEX \S+ ON) (?:[\w"]+\.)?"?(?:schema_migrations|ar_internal_metadata)"?(?:\s|;|$)`)
	psqlRestrict   = regexp.MustCompile(`(?m)^\\(?:un)?restrict\b.*\n?`)
	railsMigration = regexp.MustCompile(`^([0-9]+)_.*\.rb$`)
	railsComment   = regexp.MustCompile(`(?m)^--\n-- Name: (?:schema_migrations|ar_internal_metadata)\b.*\n--\n\n?`)
	railsSetting   = regexp.MustCompile(`^(?i)SET\s+search_path\s`)
)

func readRails(src source) (*project, error) {
	file, err := railsStructure(src)
	if err != nil {
		return nil, err
	}
	text, err := readText(file)
	if err != nil {
		return nil, err
	}
	sql, versions := railsSplit(railsComment.ReplaceAllString(psqlRestrict.ReplaceAllString(text, ""), ""))
	if len(versions) == 0 {
		return nil, fmt.Errorf("%s: there is no INSERT INTO schema_migrations with the versions, as `bin/rails db:schema:dump` writes it", file)
	}
	slices.Sort(versions)
	p := &project{}
	p.findings = railsPending(filepath.Join(filepath.Dir(file), "migrate"), versions)
	last := versions[len(versions)-1]
	p.migrations = []migration{{
		version: last, alsoVersions: versions[:len(versions)-1], name: filepath.Base(file), number: last,
		message: "the schema of the Rails application", created: versionTime(last), up: script{sql: sql},
	}}
	return p, nil
}

// railsStructure returns the name of the file with the schema.
func railsStructure(src source) (string, error) {
	if src.config != "" {
		return src.config, nil
	}
	for _, dir := range []string{src.dir, filepath.Join(src.dir, "db")} {
		if file := filepath.Join(dir, "structure.sql"); isFile(file) {
			return file, nil
		}
		if file := filepath.Join(dir, "schema.rb"); isFile(file) {
			return "", errors.New(file + " is Ruby: set config.active_record.schema_format = :sql, and run bin/rails db:schema:dump, which writes structure.sql")
		}
	}
	return "", fmt.Errorf("there is no structure.sql in %s or its folder db", src.dir)
}

// railsSplit returns the schema without the tables of Rails, and the versions that it contains.
func railsSplit(text string) (sql string, versions []string) {
	r := revision.NewScript(text)
	text = r.Text
	statements := r.Statements()
	for _, st := range slices.Backward(statements) {
		statement := text[st.Start:st.End]
		insert := railsVersions.FindStringSubmatch(strings.TrimRight(statement, "; \n"))
		switch {
		case insert != nil:
			for _, v := range railsVersion.FindAllStringSubmatch(insert[1], -1) {
				versions = append(versions, v[1])
			}
		case !railsOwnTable.MatchString(statement) && !railsSetting.MatchString(statement):
			continue
		}
		text = cut(text, st.Start, st.Next)
	}
	return text, versions
}

// railsPending finds the migrations that the schema does not contain.
func railsPending(dir string, versions []string) []finding {
	entries, _ := listDir(dir) // the folder is optional
	var findings []finding
	for _, e := range entries {
		if parts := railsMigration.FindStringSubmatch(e.name); parts != nil && !slices.Contains(versions, parts[1]) {
			findings = append(findings, finding{"structure.sql does not contain these migrations. Run bin/rails db:migrate and import again, or write revisions for them:", e.path})
		}
	}
	return findings
}
