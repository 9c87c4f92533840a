package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/revision"
)

// mapFile is the name of the map for the command adopt. It is embedded with the revisions
// because it is in the same folder.
const mapFile = "adopt.json"

// rows is the meaning of a row in a version table.
type rows string

const (
	each  rows = "each"  // every row is an applied version
	heads rows = "heads" // every row is a head, applied with all its ancestors
	last  rows = "last"  // the only row is the last applied version, in the order of the map
)

// adoptMap is the file adopt.json.
type adoptMap struct {
	Tool string `json:"tool"`
	// Table is the version table as SQL; "" for the tool's usual name in any schema.
	Table string `json:"table,omitempty"`
	Rows  rows   `json:"rows"`
	// Versions are in the order in which the tool applies them.
	Versions []adoptVersion `json:"versions"`
}

type adoptVersion struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Name     string `json:"name"` // of the tool's file
	// Checkpoint: a database that has this version began with it. The revision and all its ancestors
	// count as applied there.
	Checkpoint bool `json:"checkpoint,omitempty"`
}

// text returns the file, with a line for each version.
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

// write writes the revisions and the map, all or nothing, and returns what needs manual work.
func (p *project) write(t tool, out string) (*document, error) {
	ids, findings := p.ids(t.name)
	findings = append(p.findings, findings...)
	if t.sharesSession {
		findLeftSettings(p.migrations)
	}
	var files []revision.Source
	m := adoptMap{Tool: t.name, Table: p.table, Rows: t.rows, Versions: []adoptVersion{}}
	for i := range p.migrations {
		pair, found, err := p.migrations[i].files(t.name, out, ids, p.width())
		if err != nil {
			return nil, err
		}
		files, findings = append(files, pair...), append(findings, found...)
		findings = append(findings, p.leftovers(t, pair)...)
		for _, version := range append(slices.Clone(p.migrations[i].alsoVersions), p.migrations[i].version) {
			m.Versions = append(m.Versions, adoptVersion{Version: version, Revision: ids[p.migrations[i].version], Name: p.migrations[i].name})
		}
		for _, c := range p.migrations[i].checkpoints {
			m.Versions = append(m.Versions, adoptVersion{Version: c.version, Revision: ids[p.migrations[i].version], Name: c.name, Checkpoint: true})
		}
	}
	text, err := m.text()
	if err != nil {
		return nil, err
	}
	files = append(files, revision.Source{File: filepath.Join(out, mapFile), Text: text})
	if err := create(out, ids, files); err != nil {
		return nil, err
	}
	d := &document{From: t.name, Dir: out, Map: mapFile, Revisions: len(p.migrations), Findings: []findingDocument{}}
	for _, file := range files {
		d.Files = append(d.Files, file.File)
	}
	d.add(findings)
	d.add(check(out))
	return d, nil
}

// files returns the files of one revision, the down file first if there is one.
func (m *migration) files(tool, out string, ids map[string]string, width int) ([]revision.Source, []finding, error) {
	r := &revision.Revision{
		ID: ids[m.version], Created: m.created, BranchLabels: m.labels,
		DownRevision: translate(m.downRevision, ids), DependsOn: translate(m.dependsOn, ids),
	}
	r.Up = m.up.body(len(m.downRevision) > 1)
	r.Down = m.downBody()
	origin := "from " + tool + ": " + m.name
	// A message whose first line looks like a key would be parsed as one.
	if !setMessage(r, m.message+"\n"+origin) && !setMessage(r, origin+"\n"+m.message) {
		return nil, nil, fmt.Errorf("%s: its message or SQL cannot be represented in a revision file", m.name)
	}
	stem := filepath.Join(out, m.stem(r.ID, width))
	up, down := revision.Source{File: stem + ".up.sql"}, revision.Source{File: stem + ".down.sql"}
	up.Text, down.Text = r.Format()
	findings := inFile(m.up.findings, up.File)
	if r.Down == nil {
		return []revision.Source{up}, append(findings, finding{irreversible, down.File + m.irreversibleReason()}), nil
	}
	if m.down != nil {
		findings = append(findings, inFile(m.down.findings, down.File)...)
	}
	return []revision.Source{down, up}, findings, nil
}

// usualTable matches the name of a version table that a project has chosen.
var usualTable = regexp.MustCompile(`(?i)\w*(?:migration|version)\w*$|sqitch\.changes$`)

// leftovers returns what the files contain that only works with the tool.
func (p *project) leftovers(t tool, files []revision.Source) []finding {
	table := t.table
	if p.table != "" {
		// Any other name may be a table of the application as well.
		table = usualTable.FindString(p.table)
	}
	var findings []finding
	for _, f := range files {
		head := headOf(f.Text)
		findings = append(findings, findLeftovers(f.File, head, f.Text[len(head):], table, t.placeholder)...)
	}
	return findings
}

// headOf returns the header of a revision file, which a blank line ends.
func headOf(text string) string {
	i := strings.Index(text, "\n\n")
	return text[:i+1]
}

// setMessage sets the message, and reports whether the revision survives writing and parsing.
func setMessage(r *revision.Revision, message string) bool {
	r.Message = revision.CleanMessage(message)
	up, _ := r.Format()
	read, _ := revision.Parse(revision.Source{Text: up}, nil)
	return read.Message == r.Message && read.ID == r.ID && read.Up.SQL() == r.Up.SQL()
}

func (m *migration) irreversibleReason() string {
	if m.down == nil {
		return ""
	}
	return ": " + m.down.code
}

// stem returns the name of the revision's files without suffixes. Without a date it begins
// with the number, to keep the order.
func (m *migration) stem(id string, width int) string {
	if !m.created.IsZero() {
		return revision.FileStem(id, m.message, m.created)
	}
	stem := id
	if digits := m.digits(); digits != "" && digits != id {
		stem = fmt.Sprintf("%0*d_%s", width, number(digits), id)
	}
	if slug := revision.Slug(m.message); slug != "" {
		stem += "_" + slug
	}
	return stem
}

// width returns the number of digits for versions that are not dates.
func (p *project) width() int {
	width := 4
	for _, m := range p.migrations {
		if m.created.IsZero() {
			width = max(width, len(m.digits()))
		}
	}
	return width
}

func translate(versions []string, ids map[string]string) []string {
	var out []string
	for _, v := range versions {
		id, ok := ids[v]
		if !ok {
			id = v // a label, or an unknown version, which check reports
		}
		out = append(out, id)
	}
	return out
}

func inFile(findings []finding, file string) []finding {
	findings = slices.Clone(findings)
	for i, f := range findings {
		findings[i].where = file
		if f.where != "" {
			findings[i].where += ": " + f.where
		}
	}
	return findings
}

// create writes the files unless one of them, or one of the ids, already exists.
func create(out string, ids map[string]string, files []revision.Source) error {
	existing, _, err := revision.Load(os.DirFS(out), out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	imported := map[string]bool{}
	for _, id := range ids {
		imported[id] = true
	}
	for _, r := range existing {
		if imported[r.ID] {
			return fmt.Errorf("revision %s already exists in %s; nothing was written; import into another folder", r.ID, r.Up.File)
		}
	}
	undo, err := revision.MakeFolder(out)
	if err != nil {
		return err
	}
	if err := revision.CreateFiles(files...); err != nil {
		undo()
		return err
	}
	return nil
}

// check checks the whole folder as every command does.
func check(out string) []finding {
	const what = "These errors must be fixed before any command accepts the files:"
	_, err := migrator.Load(os.DirFS(out), out)
	invalid, ok := errors.AsType[*migrator.FilesError](err)
	if !ok || len(invalid.Problems) == 0 {
		if err == nil {
			return nil
		}
		return []finding{{what, err.Error()}}
	}
	var findings []finding
	for _, problem := range invalid.Problems {
		findings = append(findings, finding{what, problem.Error()})
	}
	return findings
}
