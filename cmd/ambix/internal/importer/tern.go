package importer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/jackc/tern/v2/migrate"
	ini "github.com/vaughan0/go-ini"

	"example.com/ambix/migrator/revision"
)

// tern reads github.com/jackc/tern with tern's own package: templates NUMBER_NAME.sql, in
// which a line separates up from down.
var tern = tool{
	name: "tern", reads: "the folder of NUMBER_NAME.sql, with its shared files", rows: last, table: "schema_version",
	config: "another tern.conf", data: "data for the templates", read: readTern,
}

var ternDisableTx = regexp.MustCompile(`(?m)^---- tern: disable-tx ----$\n?`)

func readTern(src source) (*project, error) {
	p := &project{}
	data := map[string]any{}
	table, err := ternConfig(src, data)
	if err != nil {
		return nil, err
	}
	if table != "public.schema_version" {
		p.table = table
	}
	for _, key := range src.keys() {
		data[key] = src.data[key]
	}
	migrator, err := migrate.NewMigrator(context.Background(), nil, "")
	if err != nil {
		return nil, err
	}
	migrator.Data = data
	if err := checkTernNumbers(src.dir); err != nil {
		return nil, err
	}
	fsys := os.DirFS(src.dir)
	if p.findings, err = missingData(src.dir, fsys, data); err != nil {
		return nil, err
	}
	if err := migrator.LoadMigrations(fsys); err != nil {
		return nil, explain(err, fsys, p.findings)
	}
	for _, m := range migrator.Migrations {
		p.migrations = append(p.migrations, ternMigration(m))
	}
	p.migrations = chain(p.migrations)
	packages, err := codePackages(src.dir, fsys)
	p.findings = append(p.findings, packages...)
	return p, err
}

// checkTernNumbers refuses duplicate and missing numbers as tern does, whose errors do not name the files.
func checkTernNumbers(dir string) error {
	files, err := listFiles(dir, ".sql")
	if err != nil {
		return err
	}
	var found []migration
	for _, f := range files {
		if version, _, ok := numbered(f.name); ok {
			found = append(found, migration{version: version, name: f.name})
		}
	}
	bad := problems{}
	bad.add(sortByNumber(found))
	last, before := uint64(0), ""
	for _, m := range found {
		n := number(m.version)
		switch {
		case n <= last+1:
		case before == "":
			bad.addf("%s: the first number must be 1", m.name)
		default:
			bad.addf("numbers are missing between %s and %s", before, m.name)
		}
		last, before = n, m.name
	}
	return bad.err()
}

func ternMigration(m *migrate.Migration) migration {
	_, name, _ := numbered(strings.TrimSuffix(m.Name, ".sql"))
	direction := func(sql string) script {
		return script{sql: ternDisableTx.ReplaceAllString(sql, ""), noTransaction: ternDisableTx.MatchString(sql)}
	}
	out := migration{version: strconv.Itoa(int(m.Sequence)), name: m.Name, message: messageOf(name), up: direction(m.UpSQL)}
	if m.DownSQL != "" {
		down := direction(m.DownSQL)
		out.down = &down
	}
	return out
}

// ternConfig reads the data and the version table from the configuration, if there is one. It
// is a template too.
func ternConfig(src source, data map[string]any) (table string, err error) {
	file := src.config
	if file == "" {
		file = filepath.Join(src.dir, "tern.conf")
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return "public.schema_version", nil
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", unreadable(file, err)
	}
	conf, err := template.New(filepath.Base(file)).Funcs(sprig.TxtFuncMap()).Parse(string(text))
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	if err := conf.Execute(&b, map[string]any{}); err != nil {
		return "", err
	}
	settings, err := ini.Load(&b)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	for key, value := range settings["data"] {
		data[key] = value
	}
	if table, ok := settings.Get("database", "version_table"); ok {
		return table, nil
	}
	return "public.schema_version", nil
}

// explain adds what tern's errors leave out: the files without SQL and the missing data.
func explain(err error, fsys fs.FS, missing []finding) error {
	if errors.Is(err, migrate.ErrNoFwMigration) {
		names, _ := migrate.FindMigrations(fsys)
		for _, name := range names {
			text, _ := fs.ReadFile(fsys, name)
			up, _, _ := strings.Cut(string(text), ternSeparator)
			if revision.NewScript(up).Empty() {
				err = fmt.Errorf("%w: %s", err, name)
			}
		}
	}
	for _, f := range missing {
		err = fmt.Errorf("%w\n%s is not defined: use -D KEY=VALUE", err, f.where)
	}
	return err
}

// codePackages finds code packages, which tern installs separately from migrations.
func codePackages(dir string, fsys fs.FS) ([]finding, error) {
	var findings []finding
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path.Base(name) == "install.sql" && path.Dir(name) != "." && !strings.HasPrefix(name, "snapshots/") {
			findings = append(findings, finding{"Code packages (tern code install) are not migrations and were left out. Put their SQL into a revision:", filepath.Join(dir, path.Dir(name))})
		}
		return nil
	})
	return findings, err
}
