package importer

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/ambix/migrator/revision"
)

// alembic reads Alembic projects with Alembic itself: alembic.py runs in the project's Python
// and prints the graph and every revision rendered in offline mode.
var alembic = tool{
	name: "alembic", reads: "the folder of alembic.ini; Alembic itself, which must be installed, renders the revisions", rows: heads, table: "alembic_version",
	config: "another alembic.ini", data: "Alembic's -x", sharesSession: true, read: readAlembic,
}

//go:embed alembic.py
var alembicScript string

// alembicProject is the output of alembic.py.
type alembicProject struct {
	Table, Schema string
	Revisions     []alembicRevision // parents first
}

type alembicRevision struct {
	ID            string
	Down          []string
	DependsOn     []string `json:"depends_on"`
	Labels        []string
	Doc, Path     string
	Up, Downgrade *alembicScriptText
}

// alembicScriptText is what upgrade() or downgrade() executed, up to an error if there was one.
type alembicScriptText struct {
	Events []alembicEvent
	Error  string
	Line   int // of the error
}

// alembicEvent is a statement, or the beginning or end of a transaction.
type alembicEvent struct {
	SQL           string
	Begin, Commit bool
}

func readAlembic(src source) (*project, error) {
	out, err := runAlembic(src)
	if err != nil {
		return nil, err
	}
	var read alembicProject
	if err := json.Unmarshal(out, &read); err != nil {
		return nil, fmt.Errorf("invalid output of alembic.py: %w", err)
	}
	p := &project{}
	if read.Table != "alembic_version" || read.Schema != "" {
		p.table = quoted(read.Table)
		if read.Schema != "" {
			p.table = quoted(read.Schema) + "." + p.table
		}
	}
	for _, r := range read.Revisions {
		p.migrations = append(p.migrations, r.migration(p))
	}
	if len(p.migrations) == 0 {
		return nil, fmt.Errorf("%s has no revisions", src.dir)
	}
	return p, nil
}

// runAlembic runs alembic.py in the project's folder, as the command alembic would run.
func runAlembic(src source) ([]byte, error) {
	config := "alembic.ini"
	if src.config != "" {
		var err error
		if config, err = filepath.Abs(src.config); err != nil {
			return nil, err
		}
	} else if file := filepath.Join(src.dir, config); !isFile(file) {
		return nil, fmt.Errorf("%s does not exist; --config names another file", file)
	}
	python, err := alembicPython()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(python, "-c", alembicScript, config)
	for _, key := range src.keys() {
		cmd.Args = append(cmd.Args, key+"="+src.data[key])
	}
	cmd.Dir = src.dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		// SQLAlchemy's errors may quote the URL of the database.
		text := passwordInURL.ReplaceAllString(strings.TrimSpace(stderr.String()), "://$1:…@")
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	return out, nil
}

var passwordInURL = regexp.MustCompile(`://([^:/@\s]*):[^@\s]*@`)

// alembicLookup succeeds if Python finds the package Alembic, not just a folder of that name.
const alembicLookup = `import sys, importlib.util
del sys.path[0]
spec = importlib.util.find_spec("alembic")
sys.exit(spec is None or spec.origin is None)`

// alembicPython finds the Python with Alembic: next to the command alembic, as in a virtual
// environment, or in PATH.
func alembicPython() (string, error) {
	var candidates []string
	if program, err := exec.LookPath("alembic"); err == nil {
		resolved, _ := filepath.EvalSymlinks(program)
		for _, dir := range []string{filepath.Dir(program), filepath.Dir(resolved)} {
			candidates = append(candidates, filepath.Join(dir, "python3"), filepath.Join(dir, "python"))
		}
	}
	for _, python := range append(candidates, "python3", "python") {
		if exec.Command(python, "-c", alembicLookup).Run() == nil {
			return python, nil
		}
	}
	return "", errors.New("no Python with Alembic, which must render the migrations: run scripts/install alembic, or activate the project's virtual environment")
}

var alembicCreated = regexp.MustCompile(`(?m)^Create Date: (.*)$`)

func (r alembicRevision) migration(p *project) migration {
	// Below the message, Alembic writes lines into the docstring that look like header keys.
	message, _, _ := strings.Cut(r.Doc, "\nRevision ID:")
	if message = revision.CleanMessage(message); message == "" {
		message = r.title()
	}
	m := migration{
		version: r.ID, id: r.ID, name: r.Path, message: message,
		downRevision: r.Down, dependsOn: r.DependsOn, labels: p.labels(r),
	}
	if parts := alembicCreated.FindStringSubmatch(r.Doc); parts != nil {
		m.created = alembicTime(strings.TrimSpace(parts[1]))
	}
	if up := r.Up.script(r.Path); up != nil {
		m.up = *up
	}
	m.down = r.Downgrade.script(r.Path)
	return m
}

// title returns the message in the file name, for a file without a docstring.
func (r alembicRevision) title() string {
	stem := strings.TrimSuffix(filepath.Base(r.Path), ".py")
	if _, after, ok := strings.Cut(stem, r.ID); ok {
		stem = after
	}
	return messageOf(strings.TrimLeft(stem, "-_."))
}

func alembicTime(text string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(time.Second)
		}
	}
	return time.Time{}
}

var notInLabels = regexp.MustCompile(`[^A-Za-z0-9_.]`)

// labels returns a revision's branch labels, changed where they are not allowed here.
func (p *project) labels(r alembicRevision) []string {
	var labels []string
	for _, label := range r.Labels {
		word := notInLabels.ReplaceAllString(label, "_")
		if revision.CheckLabel(word) != nil {
			word = "label_" + word
		}
		if word = word[:min(len(word), 64)]; word != label {
			p.findings = append(p.findings, finding{"These labels are not allowed here and were replaced:", fmt.Sprintf("%q is now %s", label, word)})
		}
		if !slices.Contains(labels, word) {
			labels = append(labels, word)
		}
	}
	return labels
}

// script joins the statements. If some are between a commit and the next begin (in an
// autocommit_block, or after an explicit COMMIT), the script is not transactional.
func (t *alembicScriptText) script(path string) *script {
	if t == nil {
		return nil
	}
	s := &script{}
	var statements []string
	committed, inside := false, 0
	for _, e := range t.Events {
		words := strings.ToUpper(strings.TrimRight(strings.TrimSpace(e.SQL), "; \n"))
		switch {
		case e.Commit || words == "COMMIT" || words == "END":
			committed, s.noTransaction = true, true
		case e.Begin || words == "BEGIN":
			committed = false
		default:
			statements = append(statements, e.SQL)
			if !committed {
				inside++
			}
		}
	}
	s.sql = strings.Join(statements, "\n\n")
	if s.noTransaction && inside > 0 {
		s.note("Some statements run outside of the transaction (autocommit_block or COMMIT), so `transaction: off` was set and each statement is sent by itself. Split the revision if the others belong together:")
	}
	if t.Error != "" {
		s.code = fmt.Sprintf("%s:%d: %s (in Alembic's offline mode, without a database)", path, t.Line, t.Error)
	}
	return s
}

var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// quoted returns a name as SQL.
func quoted(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
