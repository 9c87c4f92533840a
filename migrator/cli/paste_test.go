package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every command that the output of a program in a script tells people to run is pasted into
// a shell: in a copy of the script's folder, with a copy of its database. The program fails,
// and so does the script, unless the command does what the output says.
//
// PASTE is the script's folder; without it nothing is pasted, as in the shell itself.

// introduced matches a line that ends in a command.
var introduced = regexp.MustCompile(`(?m)^(?:.*\W)?run: (\S.*)$`)

// outOfReach matches commands that need the network and a module, or another program. The documents run them: see
// TestDocumentsShowRealOutput and package importtest; cmd/ambix/testdata/othertool.txtar runs the import as it is suggested.
var outOfReach = regexp.MustCompile(`^(cd \S+ && )?(go mod tidy && )?go run \. migrate |^ambix import `)

// execution is a program that has run, or a command that was pasted.
type execution struct {
	stdout, stderr string
	code           int
	stopped        bool // it was still waiting
}

// pasteAll returns what is wrong with the commands in the output of a program.
func pasteAll(dir string, ran execution) []string {
	wrong := ran.strays()
	for _, command := range ran.commands() {
		if outOfReach.MatchString(command) {
			continue
		}
		s, err := newScene(dir)
		if err != nil {
			return append(wrong, err.Error())
		}
		if strings.Contains(ran.stderr+ran.stdout, "write the SQL") {
			err = s.writeSQL(ran.stdout)
		}
		if err != nil {
			return append(wrong, err.Error())
		}
		pasted := s.paste(command)
		s.remove()
		for _, text := range s.compare(command, ran, pasted) {
			wrong = append(wrong, fmt.Sprintf("%s\n%s\n%s%s", command, text, pasted.stdout, pasted.stderr))
		}
	}
	return wrong
}

// commands returns the commands in the output, each once.
func (e execution) commands() []string {
	var found []string
	add := func(text string) {
		for _, m := range introduced.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(found, m[1]) {
				found = append(found, m[1])
			}
		}
	}
	for _, text := range []string{e.stdout, e.stderr} {
		if !strings.HasPrefix(text, "{") {
			add(text)
			continue
		}
		for d := json.NewDecoder(strings.NewReader(text)); ; {
			var v any
			if d.Decode(&v) != nil {
				break
			}
			walk("", v, add)
		}
	}
	return found
}

// strays returns the lines that contain a command that is not introduced: it would not be
// pasted here, and a reader could not copy it to the end of the line.
func (e execution) strays() []string {
	var wrong []string
	for line := range strings.Lines(e.stderr) {
		line = introduced.ReplaceAllString(strings.TrimRight(line, "\n"), "")
		if stray.MatchString(line) && !strings.HasPrefix(line, "{") {
			wrong = append(wrong, "a command without \"run:\" before it: "+line)
		}
	}
	return wrong
}

// stray matches a command in a sentence: with the program's name, in quotes or as code.
var stray = regexp.MustCompile("\\b(app|foreign|shop) migrate |`(up|down|to|redo|stamp|plan|status|current|heads|history|show|log|check|repair|adopt|revision|merge|edit|rebase|go)\\b|\\b(type|run|use) \"|\\b(next|run): [a-z]+ migrate\\b")

// walk visits the strings of a JSON document. Those in the fields "next" and "commands" are
// commands.
func walk(key string, v any, visit func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			walk(key, value, visit)
		}
	case []any:
		for _, value := range v {
			walk(key, value, visit)
		}
	case string:
		if key == "next" || key == "commands" {
			v = "run: " + v
		}
		visit(v)
	}
}

var (
	databaseLine = regexp.MustCompile(`(?m)^database "([^"]*)" at |"event":"database","database":"([^"]*)"`)
	failureLine  = regexp.MustCompile(`(?m)^(?:[Ee]rror: .*|[^{\s]\S*\.sql:\d+:\d+: .*)$|"kind": "[^"]*"|"kind":"[^"]*"`)
	numbers      = regexp.MustCompile(`(\d+(\.\d+)?( ?(ms|s|m|h))?)+`)
	withoutData  = regexp.MustCompile(`migrate (revision|merge|rebase|init|edit)\b|--help$|--quiet`)
)

// compare returns what is wrong with a pasted command: it was not accepted, it used another
// database, or it failed in another way than the program that suggested it.
func (s *scene) compare(command string, ran, pasted execution) []string {
	var wrong []string
	failure := func(e execution) string {
		return numbers.ReplaceAllString(s.here(failureLine.FindString(e.stderr+e.stdout)), "#")
	}
	switch {
	case pasted.code == 0, pasted.stopped && failure(pasted) == "":
	case pasted.code == 1 && (strings.Contains(failure(pasted), ".sql:") || strings.Contains(failure(pasted), `"revision"`)): // a revision failed, which nobody could know
	case pasted.code == 3 && strings.Contains(command, " diff"): // which shows what is different
	case pasted.code == 6 && strings.Contains(ran.stderr, "connection refused"):
	case os.Getenv("DATABASE_URL") == "" && strings.Contains(failure(pasted), "no database is named"):
	case pasted.code != ran.code || pasted.code == 2 || pasted.code == 4:
		wrong = append(wrong, fmt.Sprintf("exit code %d, after %d", pasted.code, ran.code))
	case failure(pasted) != failure(ran):
		wrong = append(wrong, fmt.Sprintf("another failure: %s, after %s", failure(pasted), failure(ran)))
	}
	named := func(stderr string) string {
		return strings.Join(append(databaseLine.FindStringSubmatch(stderr), "", "", "")[1:3], "")
	}
	before, after := s.here(named(ran.stderr)), named(pasted.stderr)
	switch {
	case before == "" || before == after:
	case after != "":
		wrong = append(wrong, fmt.Sprintf("it used the database %s instead of %s", after, before))
	case !withoutData.MatchString(command):
		wrong = append(wrong, "it names no database")
	}
	return wrong
}

// A message with a command that does not work makes its script fail.
func TestWrongCommandsAreFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct {
		stderr string
		wrong  bool
	}{
		{"error: x\nfor help, run: app migrate --help", false},
		{"no commands", false},
		{"error: x; for help, run: app migrate --help, if you like", true},
		{"run: app migrate upp", true},
		{"next: write it, then run: nonsense migrate up", true},
		{"next     run: app migrate up --dri=sql", true},
		{"error: x; see `status`", true},
		{`error: x; type "up heads"`, true},
		{"run again with app migrate up", true},
		{`{"msg":"x","commands":["app migrate upp"]}`, true},
	} {
		ran := execution{stderr: test.stderr, code: 1}
		if got := pasteAll(dir, ran); (len(got) > 0) != test.wrong {
			t.Errorf("%s: %q", test.stderr, got)
		}
	}
}
