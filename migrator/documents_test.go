package migrator_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/ambix/migrator/cli"
)

// documents gives the texts of all documents by their path below the checkout.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"../*.md", "../docs/*.md", "../docs/adr/*.md", "../sql/*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[strings.TrimPrefix(filepath.ToSlash(file), "../")] = string(text)
		}
	}
	if texts["README.md"] == "" || texts["docs/operations.md"] == "" {
		t.Fatalf("documents are missing: there are %d", len(texts))
	}
	return texts
}

var fenced = regexp.MustCompile("(?ms)^```(\\w*)([^\\n]*)\\n(.*?)^```$")

// blocks gives the texts of the blocks of a language.
func blocks(text, language string) []string {
	var found []string
	for _, m := range fenced.FindAllStringSubmatch(text, -1) {
		if m[1] == language {
			found = append(found, m[3])
		}
	}
	return found
}

// comment is what a reader of the rendered document does not see.
var comment = regexp.MustCompile("(?s)<!--.*?-->")

// The form of documents: lines that a terminal shows, links that lead somewhere, no paths
// of the machine on which they were written.
func TestDocumentForm(t *testing.T) {
	t.Parallel()
	texts := documents(t)
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	machine := regexp.MustCompile(`/(work|tmp|root|home/[a-z]+|var/lib)/`)
	for name, text := range texts {
		prose := comment.ReplaceAllString(fenced.ReplaceAllString(text, ""), "")
		isGenerated := strings.Contains(text, "<!-- generated") && !strings.Contains(text, "<!-- end -->") // as a whole
		for line := range strings.Lines(prose) {
			line = strings.TrimRight(line, "\n")
			if n := utf8.RuneCountInString(line); n > 160 && !strings.HasPrefix(line, "|") && !isGenerated {
				t.Errorf("%s: a line of %d characters: %s", name, n, line)
			}
		}
		if found := machine.FindString(text); found != "" {
			t.Errorf("%s holds %s", name, found)
		}
		for _, m := range link.FindAllStringSubmatch(prose, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if file != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), file))
			}
			if _, err := os.Stat("../" + target); err != nil {
				t.Errorf("%s: %s leads nowhere", name, m[1])
			}
			if anchor != "" && !slices.Contains(anchors(texts[target]), anchor) {
				t.Errorf("%s: %s has no heading #%s", name, target, anchor)
			}
		}
	}
}

// anchors are those that are made of a document's headings.
func anchors(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		plain := regexp.MustCompile(`[^\pL\pN\- _]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(plain, " ", "-"))
	}
	return all
}

// No test or program has left something in the repository: a file whose name cannot be typed,
// or a project.
func TestRepositoryHasNoLeftovers(t *testing.T) {
	t.Parallel()
	typed := regexp.MustCompile(`^[A-Za-z0-9._/@+-]+$`)
	files := 0
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return filepath.SkipDir
		case !typed.MatchString(filepath.ToSlash(path)):
			t.Errorf("%+q", path)
		case d.Name() == "go.mod" && path != filepath.Join("..", "go.mod") && !strings.Contains(path, "testdata"):
			t.Errorf("%s: a project in the project", path)
		}
		files++
		return nil
	})
	if err != nil || files < 500 {
		t.Errorf("%d files, %v", files, err)
	}
}

// TestStatementsAreProved holds that each statement in the documents about running a
// database has a comment <!-- proved by TestA, TestB/script -->, that the tests exist,
// and that no sentence for users contains the name of a test.
func TestStatementsAreProved(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	texts := documents(t)
	for name, text := range texts {
		text = fenced.ReplaceAllString(text, "")
		for _, test := range testName.FindAllStringSubmatch(text, -1) {
			if !tests[test[1]] {
				t.Errorf("%s: no test %s", name, test[1])
			}
			if test[2] == "" {
				continue
			}
			if _, err := os.Stat("cli/testdata/script" + test[2] + ".txtar"); err != nil || test[1] != "TestScripts" {
				t.Errorf("%s: no test %s%s", name, test[1], test[2])
			}
		}
		prose := comment.ReplaceAllString(text, "")
		if found := testName.FindString(prose); found != "" && !forContributors[name] {
			t.Errorf("%s names %s in its text: put it into a comment", name, found)
		}
	}
	for _, name := range []string{"docs/locking.md", "docs/operations.md"} {
		statements := 0
		for _, item := range items(texts[name]) {
			if statements++; !proof.MatchString(item) {
				t.Errorf("%s: no proof of: %s", name, item)
			}
		}
		if statements < 10 {
			t.Errorf("%s has %d statements", name, statements)
		}
	}
}

var (
	// testName is the name of a test, or of one of the command line's scripts.
	testName = regexp.MustCompile(`\b(Test[A-Z]\w*)(/\w+)?`)
	proof    = regexp.MustCompile(`<!-- proved by Test[A-Z]\w*(/\w+)?(, Test[A-Z]\w*(/\w+)?)* -->`)
	// forContributors are documents whose text may name tests.
	forContributors = map[string]bool{"CONTRIBUTING.md": true, "docs/architecture.md": true}
)

// items are the members of lists.
func items(text string) []string {
	var all []string
	for line := range strings.Lines(fenced.ReplaceAllString(text, "")) {
		switch {
		case strings.HasPrefix(line, "- "):
			all = append(all, line)
		case strings.HasPrefix(line, "  ") && len(all) > 0:
			all[len(all)-1] += line
		}
	}
	return all
}

// The Go programs in the documents compile, each in a module of its own.
func TestProgramsInDocuments(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for name, text := range documents(t) {
		for _, program := range blocks(text, "go") {
			if !strings.HasPrefix(program, "package ") {
				t.Errorf("%s: a program begins with its package:\n%s", name, program)
				continue
			}
			folder, file := fmt.Sprintf("p%d", n), "/main.go"
			if strings.Contains(program, "\t\"testing\"\n") {
				file = "/main_test.go"
			}
			write(folder+file, program)
			write(folder+"/sql/README.md", "")
			n++
		}
	}
	if n == 0 {
		t.Fatal("there are no programs")
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		write(name, strings.Replace(string(text), "module example.com/ambix\n", "module example.com/store\n", 1))
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	write("go.mod", string(mod)+"\nrequire example.com/ambix v0.0.0\n\nreplace example.com/ambix => "+root+"\n")
	cmd := exec.Command("go", "vet", "-mod=mod", "./...")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The variables that documents, image and scripts set are those that the program reads.
func TestVariablesInDocuments(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	help := &strings.Builder{}
	root := cli.Command(cli.Config{})
	root.SetOut(help)
	root.SetArgs([]string{"--help"})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	for _, name := range variable.FindAllString(help.String(), -1) {
		known[name] = true
	}
	texts := documents(t)
	for _, name := range []string{"Dockerfile"} {
		text, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = string(text)
	}
	for name, text := range texts {
		for _, v := range variable.FindAllString(text, -1) {
			if !known[v] && v != "MIGRATE_" {
				t.Errorf("%s: the program reads no %s", name, v)
			}
		}
	}
	if !known["MIGRATE_WAIT"] {
		t.Error("the help names no variables")
	}
}

var variable = regexp.MustCompile(`\bMIGRATE_[A-Z_]*`)
