package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/revision"
)

// mapFile is the name of the map for adopt, beside the revisions, so that go:embed takes
// it along.
const mapFile = "adopt.json"

// rows says what a row of a version table means.
type rows string

// Every row is an applied version; or it is a head, applied with all that it stands on;
// or the only row is the last one applied, with all before it in the map's order.
const (
	each  rows = "each"
	heads rows = "heads"
	last  rows = "last"
)

// adoptMap is the file adopt.json.
type adoptMap struct {
	Tool string `json:"tool"`
	// Table is the version table as SQL, "" when it has its usual name in whatever schema.
	Table string `json:"table,omitempty"`
	Rows  rows   `json:"rows"`
	// Versions are in the order in which the tool applies them.
	Versions []adoptVersion `json:"versions"`
}

type adoptVersion struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Name     string `json:"name"` // of the tool's file
}

// text is the file, with a line for each version.
func (m adoptMap) text() (string, error) {
	var lines []string
	for _, v := range m.Versions {
		line, err := json.Marshal(v)
		if err != nil {
			return "", err
		}
		lines = append(lines, "    "+string(line))
	}
	m.Versions = []adoptVersion{}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return "", err
	}
	head := strings.TrimSuffix(string(text), "[]\n}")
	return head + "[\n" + strings.Join(lines, ",\n") + "\n  ]\n}\n", nil
}

// write writes the revisions and the map, all or nothing, and prints what a person
// should look at.
func (p *project) write(t tool, out string, stdout io.Writer) error {
	ids, findings := p.ids(t.name)
	findings = append(p.findings, findings...)
	if t.session {
		leftovers(p.migrations)
	}
	var files []revision.Source
	m := adoptMap{Tool: t.name, Table: p.table, Rows: t.rows, Versions: []adoptVersion{}}
	for i := range p.migrations {
		pair, found, err := p.migrations[i].files(t.name, out, ids, p.width())
		if err != nil {
			return err
		}
		files, findings = append(files, pair...), append(findings, found...)
		m.Versions = append(m.Versions, adoptVersion{p.migrations[i].version, ids[p.migrations[i].version], p.migrations[i].name})
	}
	text, err := m.text()
	if err != nil {
		return err
	}
	files = append(files, revision.Source{File: filepath.Join(out, mapFile), Text: text})
	if err := create(out, ids, files); err != nil {
		return err
	}
	findings = append(findings, check(out)...)
	_, err = io.WriteString(stdout, report(len(p.migrations), out, findings))
	return err
}

// files are the files of one revision: the down file first, if there is one.
func (m *migration) files(tool, out string, ids map[string]string, width int) ([]revision.Source, []finding, error) {
	r := &revision.Revision{
		ID: ids[m.version], Created: m.created, BranchLabels: m.labels,
		DownRevision: translate(m.downRevision, ids), DependsOn: translate(m.dependsOn, ids),
	}
	r.Up = m.up.body(len(m.downRevision) > 1)
	r.Down = m.downBody()
	origin := "from " + tool + ": " + m.name
	// A message that begins like a key would be read as one.
	if !holds(r, m.message+"\n"+origin) && !holds(r, origin+"\n"+m.message) {
		return nil, nil, fmt.Errorf("%s: its message or its SQL cannot be written into a revision file", m.name)
	}
	stem := filepath.Join(out, m.stem(r.ID, width))
	up, down := revision.Source{File: stem + ".up.sql"}, revision.Source{File: stem + ".down.sql"}
	up.Text, down.Text = r.Format()
	findings := located(m.up.findings, up.File)
	if r.Down == nil {
		return []revision.Source{up}, append(findings, finding{irreversible, down.File + m.whyNot()}), nil
	}
	if m.down != nil {
		findings = append(findings, located(m.down.findings, down.File)...)
	}
	return []revision.Source{down, up}, findings, nil
}

// holds gives the revision a message, and says whether a file can hold both.
func holds(r *revision.Revision, message string) bool {
	r.Message = revision.CleanMessage(message)
	up, _ := r.Format()
	read, _ := revision.Parse(revision.Source{Text: up}, nil)
	return read.Message == r.Message && read.ID == r.ID && read.Up.SQL() == r.Up.SQL()
}

func (m *migration) whyNot() string {
	if m.down == nil {
		return ""
	}
	return ": " + m.down.code
}

// stem is the name of a revision's files. Without a date the number keeps the order.
func (m *migration) stem(id string, width int) string {
	if !m.created.IsZero() {
		return revision.FileStem(id, m.message, m.created)
	}
	stem := id
	if strings.Trim(m.version, "0123456789") == "" && m.version != id {
		stem = fmt.Sprintf("%0*d_%s", width, number(m.version), id)
	}
	if slug := revision.Slug(m.message); slug != "" {
		stem += "_" + slug
	}
	return stem
}

// width is that of the longest number among the versions that are no dates.
func (p *project) width() int {
	width := 4
	for _, m := range p.migrations {
		if m.created.IsZero() {
			width = max(width, len(m.version))
		}
	}
	return width
}

func translate(versions []string, ids map[string]string) []string {
	var out []string
	for _, v := range versions {
		id, ok := ids[v]
		if !ok {
			id = v // a label, or a link to nowhere that the check of the set reports
		}
		out = append(out, id)
	}
	return out
}

func located(findings []finding, file string) []finding {
	placed := slices.Clone(findings)
	for i := range placed {
		if placed[i].where != "" {
			placed[i].where = ": " + placed[i].where
		}
		placed[i].where = file + placed[i].where
	}
	return placed
}

// create writes the files unless one of them, or one of their ids, is there.
func create(out string, ids map[string]string, files []revision.Source) error {
	there, _, err := revision.Load(os.DirFS(out), out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ours := map[string]bool{}
	for _, id := range ids {
		ours[id] = true
	}
	for _, r := range there {
		if ours[r.ID] {
			return fmt.Errorf("revision %s is in %s already; nothing was written, import into another folder", r.ID, r.Up.File)
		}
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	return revision.CreateFiles(files...)
}

// check looks at the whole folder as every command does that uses it.
func check(out string) []finding {
	const what = "As long as this is so, no command takes the files:"
	_, err := migrator.New(os.DirFS(out), migrator.Config{Prefix: out})
	var problems migrator.Problems
	if err != nil && !errors.As(err, &problems) {
		return []finding{{what, err.Error()}}
	}
	var findings []finding
	for _, problem := range problems {
		findings = append(findings, finding{what, problem.Error()})
	}
	return findings
}

// report is what the program prints: each kind of finding once, with its places.
func report(revisions int, out string, findings []finding) string {
	var b strings.Builder
	are := "revisions are"
	if revisions == 1 {
		are = "revision is"
	}
	fmt.Fprintf(&b, "%d %s in %s, and %s, the map for adopt.\n", revisions, are, out, filepath.Join(out, mapFile))
	if len(findings) == 0 {
		b.WriteString("Nothing needs a person.\n")
		return b.String()
	}
	var order []string
	places := map[string][]string{}
	for _, f := range findings {
		if places[f.what] == nil {
			order = append(order, f.what)
		}
		places[f.what] = append(places[f.what], f.where)
	}
	for _, what := range order {
		fmt.Fprintf(&b, "\n%s\n", what)
		for _, where := range places[what] {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(where, "\n", "\n    "))
		}
	}
	return b.String()
}
