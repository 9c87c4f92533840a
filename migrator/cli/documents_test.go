package cli_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/ambix/migrator/internal/pgtest"
)

// checkout is the folder with the program and its documents.
const checkout = "../.."

// TestDocumentsShowRealOutput runs the documents. In a "console" block a shell runs the
// lines that begin with $, in a copy of the program's project with its own database, and
// their output must be the lines that follow; "go test -update" writes those. The commands of
// a "sh run" block must succeed. A block with
// file=PATH is written to that file; a comment <!-- $ COMMAND --> runs a command that
// readers need not see. Values that differ from run to run (random ids, times, durations,
// hosts) are compared by their form.
func TestDocumentsShowRealOutput(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(checkout + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(t.TempDir(), "app")
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags=-s", "-o", app, ".")
	build.Dir = checkout
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	more, err := filepath.Glob(checkout + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, more...) {
		if filepath.Base(file) == "adopting.md" {
			continue // needs projects of other tools: migrator/internal/importtest
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "\n```console\n") && !strings.Contains(string(text), "\n"+runBlock+"\n") {
				return // nothing to run
			}
			d := newDocument(t, string(text), app)
			if got := d.run(); *update && got != string(text) {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// document is a document being run.
type document struct {
	*testing.T
	text  string
	dir   string // the copy of the project
	shell *shell
	show  *strings.Replacer // what is real, as the document shows it
	today string
	// known are the ids of the checkout's revisions, and those that the document itself
	// chooses. Other ids are random: shown are those in the document, drawn those of this
	// run, both in the order of their appearance.
	known        map[string]bool
	shown, drawn []string
}

var (
	hexDigits = regexp.MustCompile(`[0-9a-f]{12,}`) // of an id 12
	varying   = regexp.MustCompile(`\d+(\.\d+)? (ms|s)\b|"(duration|waited)_ms": ?[0-9.]+|\d\d:\d\d:\d\d(\.\d+)?Z|process \d+|web-1/\d+`)
	columns   = regexp.MustCompile(`  +`)
	isCommand = regexp.MustCompile(`^<!-- \$ (.*) -->$`)
	isFile    = regexp.MustCompile("^```.* file=(\\S+)")
)

// runBlock begins a block of commands that have to succeed. Their output is not shown.
const runBlock = "```sh run"

// shownDate replaces the day of the run.
const shownDate = "2022-02-14"

func newDocument(t *testing.T, text, app string) *document {
	d := &document{T: t, text: text, dir: t.TempDir(), known: map[string]bool{}, today: time.Now().UTC().Format(time.DateOnly)}
	d.project(app)
	db, err := url.Parse(pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := db.User.Password()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	database := strings.TrimPrefix(db.Path, "/")
	d.shell = newShell(t, d.dir, "DB_HOST="+db.Hostname(), "DB_PORT="+db.Port(), "DB_USER="+db.User.Username(), "DB_PASS="+password,
		"DB_NAME="+database, "DB_SSLMODE="+db.Query().Get("sslmode"), "MIGRATE_FINGERPRINT=off", "GOFLAGS=-buildvcs=false -mod=mod -ldflags=-s",
		"PATH="+os.Getenv("PATH")+":"+filepath.Dir(pgtest.Program(t, "psql")))
	d.show = strings.NewReplacer(
		database, "awesome_store", db.Host, "db.example.com:5432",
		" as "+db.User.Username(), " as store", " by "+db.User.Username(), " by store", `"`+db.User.Username()+`"`, `"store"`,
		" "+db.User.Username()+" from "+host, " store from web-1", " from "+host, " from web-1", `"`+host+`"`, `"web-1"`, host+"/", "web-1/",
		d.today, shownDate, d.dir, "/home/you/store",
	)
	names, err := filepath.Glob(d.dir + "/sql/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	d.replaceIDs(strings.Join(names, " "), func(id string) string {
		d.known[id] = true
		return id
	})
	for i, part := range strings.Split(text, "```") {
		d.replaceIDs(part, func(id string) string {
			switch printed := strings.HasPrefix(part, "console\n") && i%2 == 1; {
			case d.known[id], slices.Contains(d.shown, id):
			case printed:
				d.shown = append(d.shown, id)
			default:
				d.known[id] = true
			}
			return id
		})
	}
	return d
}

// project creates a project with the checkout's revisions.
func (d *document) project(app string) {
	root, err := filepath.Abs(checkout)
	if err != nil {
		d.Fatal(err)
	}
	for _, name := range []string{"main.go", "embed.go", "go.sum"} {
		d.write(name, d.read(filepath.Join(root, name)))
	}
	if err := os.CopyFS(filepath.Join(d.dir, "sql"), os.DirFS(filepath.Join(root, "sql"))); err != nil {
		d.Fatal(err)
	}
	module := strings.Replace(d.read(filepath.Join(root, "go.mod")), "module example.com/ambix\n", "module example.com/store\n", 1)
	d.write("go.mod", module+"\nrequire example.com/ambix v0.0.0\n\nreplace example.com/ambix => "+root+"\n")
	if err := os.Link(app, filepath.Join(d.dir, "app")); err != nil {
		d.write("app", d.read(app)) // on another file system
	}
	if err := os.Chmod(filepath.Join(d.dir, "app"), 0o755); err != nil {
		d.Fatal(err)
	}
}

func (d *document) read(path string) string {
	d.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		d.Fatal(err)
	}
	return string(text)
}

func (d *document) write(name, text string) {
	d.Helper()
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		d.Fatal(err)
	}
}

// run returns the document with the current output of its commands.
func (d *document) run() string {
	var out strings.Builder
	lines := strings.SplitAfter(d.text, "\n")
	for len(lines) > 0 {
		line := strings.TrimRight(lines[0], "\n")
		n := 1
		switch hidden, file := isCommand.FindStringSubmatch(line), isFile.FindStringSubmatch(line); {
		case hidden != nil:
			d.shell.run(d.real(hidden[1]))
			if status := strings.TrimSpace(d.shell.run("echo $?")); status != "0" {
				d.Errorf("%s: exit code %s", hidden[1], status)
			}
		case line == "```console":
			n = block(lines)
			out.WriteString(lines[0])
			d.console(&out, lines[1:n-1])
			out.WriteString(lines[n-1])
			lines = lines[n:]
			continue
		case line == runBlock:
			n = block(lines)
			d.commands(strings.Join(lines[1:n-1], ""))
		case file != nil:
			n = block(lines)
			d.file(file[1], strings.Join(lines[1:n-1], ""))
		}
		out.WriteString(strings.Join(lines[:n], ""))
		lines = lines[n:]
	}
	return out.String()
}

// commands runs a block whose commands have to succeed, whatever they print.
func (d *document) commands(text string) {
	out := d.shell.run("(set -e -o pipefail\n" + d.real(text) + ")")
	if status := strings.TrimSpace(d.shell.run("echo $?")); status != "0" {
		d.Errorf("exit code %s of\n%s\n%s", status, text, out)
	}
}

var toDo = regexp.MustCompile("(?m)^-- TODO: .*\n")

// file writes a file that the document shows. If it exists, the document must show its
// contents too, in place of the line that says what is to be written.
func (d *document) file(name, text string) {
	path := d.real(name)
	if old, err := os.ReadFile(filepath.Join(d.dir, path)); err == nil && !strings.HasPrefix(form(text), form(d.pretty(toDo.ReplaceAllString(string(old), "")))) {
		d.Errorf("%s contains\n%s\nand the document continues with\n%s", name, d.pretty(string(old)), text)
	}
	d.write(path, d.real(text))
}

// block returns the number of lines of a fenced block.
func block(lines []string) int {
	for i, line := range lines[1:] {
		if strings.TrimRight(line, "\n") == "```" {
			return i + 2
		}
	}
	return len(lines)
}

// console runs the commands of one block.
func (d *document) console(out *strings.Builder, lines []string) {
	for len(lines) > 0 {
		n := 1
		for strings.HasSuffix(lines[n-1], "\\\n") && n < len(lines) {
			n++
		}
		command := strings.Join(lines[:n], "")
		out.WriteString(command)
		lines = lines[n:]
		n = 0
		for n < len(lines) && !strings.HasPrefix(lines[n], "$ ") {
			n++
		}
		have := strings.Join(lines[:n], "")
		got := d.pretty(d.shell.run(d.real(strings.TrimPrefix(command, "$ "))))
		if got != "" && !strings.HasSuffix(got, "\n") {
			got += "\n"
		}
		switch {
		case form(have) == form(got):
			got = have
		case !*update:
			d.Errorf("%sprints\n%s\nand the document shows\n%s", command, got, have)
		}
		out.WriteString(got)
		lines = lines[n:]
	}
}

// form returns what must be equal in two runs. It ignores widths of columns, which depend
// on values that differ.
func form(text string) string {
	return columns.ReplaceAllString(varying.ReplaceAllString(text, "#"), "  ")
}

// slow are lines that tell what takes long, on a busy machine.
var slow = regexp.MustCompile(`(?m)^.+ has been running for \S+\n|^scratch database: .+ \(step \d+\)\n`)

// pretty returns output as the document shows it.
func (d *document) pretty(text string) string {
	return d.replaceIDs(d.show.Replace(slow.ReplaceAllString(text, "")), func(id string) string {
		if d.known[id] {
			return id
		}
		i := slices.Index(d.drawn, id)
		if i < 0 {
			i = len(d.drawn)
			d.drawn = append(d.drawn, id)
		}
		if i < len(d.shown) {
			return d.shown[i]
		}
		return id
	})
}

// real returns a text of the document for the shell, with the ids and the day of this run.
func (d *document) real(text string) string {
	text = strings.ReplaceAll(text, shownDate, d.today)
	return d.replaceIDs(text, func(id string) string {
		if i := slices.Index(d.shown, id); i >= 0 && i < len(d.drawn) {
			return d.drawn[i]
		}
		return id
	})
}

// replaceIDs returns a text with other ids.
func (d *document) replaceIDs(text string, other func(id string) string) string {
	return hexDigits.ReplaceAllStringFunc(text, func(digits string) string {
		if len(digits) == 12 {
			return other(digits)
		}
		return digits
	})
}
