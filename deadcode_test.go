package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The linker leaves out methods that nobody calls, unless some function looks a method up
// by a name that only shows at run time: text/template does. One such function costs the
// program more than a megabyte, so the way by which it came in is named.
func TestDeadCodeElimination(t *testing.T) {
	t.Parallel()
	if way := methodLookup(t, "."); way != nil {
		t.Errorf("methods are looked up by reflection, so the linker keeps all of them:\n     %s", strings.Join(way, "\n  -> "))
	}
}

// What a bare client does not contain costs size. A package of the standard library or of
// somebody else that comes in has to be measured, and named here.
func TestPackagesInTheProgram(t *testing.T) {
	t.Parallel()
	known := []string{
		"container/heap", "embed", "encoding/csv", "flag", "github.com/caarlos0/env/v11", "github.com/spf13/cobra", "github.com/spf13/pflag", "go/version",
		"golang.org/x/sys/unix", "golang.org/x/term", "html", "log/slog", "os/signal", "runtime/debug", "text/template", "text/template/parse",
	}
	client := packages(t, "./scripts/benchmark/bare")
	for _, p := range packages(t, ".") {
		if !slices.Contains(client, p) && !slices.Contains(known, p) && !strings.HasPrefix(p, "example.com/ambix") && !strings.Contains(p, "internal") {
			t.Errorf("%s has come into the program (go list -deps .)", p)
		}
	}
}

func packages(t *testing.T, program string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

// The functions of slices that sort by a function are compiled for each struct that they
// sort, which takes up to 30 kB. Those of sort are compiled once.
func TestStructsAreSortedBySharedCode(t *testing.T) {
	t.Parallel()
	for name := range dependencies(t, ".").from {
		function, shape, _ := strings.Cut(name, "[go.shape.struct ")
		if (function == "slices.pdqsortCmpFunc" || function == "slices.stableCmpFunc") && strings.Contains(shape, "example.com/ambix") {
			t.Errorf("sort these structs with sort.Slice or sort.SliceStable: %s", name)
		}
	}
}

// Every command pays for what packages do before main, so they leave regular expressions
// and large maps to the first use.
func TestPackagesDoLittleBeforeMain(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program, "migrate", "version")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := 0
	for _, m := range regexp.MustCompile(`(?m)^init (example\.com/ambix\S*) .* (\d+) allocs$`).FindAllStringSubmatch(string(out), -1) {
		seen++
		if n, _ := strconv.Atoi(m[2]); n > 50 { // a regular expression takes about 40
			t.Errorf("package %s allocates memory %d times when the program starts", m[1], n)
		}
	}
	if seen == 0 {
		t.Errorf("the runtime no longer tells what packages do:\n%s", out)
	}
}

func TestMethodLookup(t *testing.T) {
	t.Parallel()
	const head = "package main\n\nimport \"reflect\"\n\ntype greeter struct{}\n\nfunc (greeter) Hello() {}\n\n"
	for _, test := range []struct{ name, source, want string }{
		{"a name from elsewhere", head + "func call(name string) { reflect.ValueOf(greeter{}).MethodByName(name) }\n\nvar name = \"Hello\"\n\nfunc main() { call(name) }\n", "main.main main.call"},
		{"a number", head + "func main() { reflect.TypeOf(greeter{}).Method(0) }\n", "main.main"},
		{"text/template", "package main\n\nimport (\n\t\"os\"\n\t\"text/template\"\n)\n\nfunc main() { _ = template.Must(template.New(\"\").Parse(\"{{.}}\")).Execute(os.Stdout, 1) }\n", "main.main text/template.(*Template).execute"},
		{"a name known before", head + "func main() { reflect.ValueOf(greeter{}).MethodByName(\"Hello\") }\n", ""},
		{"no call", head + "func call(name string) { reflect.ValueOf(greeter{}).MethodByName(name) }\n\nfunc main() {}\n", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range map[string]string{"main.go": test.source, "go.mod": "module example.com/greeter\n\ngo 1.26\n"} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			way := strings.Join(methodLookup(t, dir), " ")
			if !strings.HasPrefix(way, test.want) || (way == "") != (test.want == "") {
				t.Errorf("found %q, and wanted %q", way, test.want)
			}
		})
	}
}

// methodLookup gives the calls that lead to a function that looks up methods by
// reflection, the first that the linker has met; nil when there is none. Others come after
// it only because of it.
func methodLookup(t *testing.T, dir string) []string {
	t.Helper()
	program := dependencies(t, dir)
	var way []string
	for name := program.methodLookup; name != ""; name = program.from[name] {
		way = append(way, name)
		if name == "main.main" {
			break
		}
	}
	slices.Reverse(way)
	return way
}

// linked is what the linker keeps.
type linked struct {
	from         map[string]string // by the name of a symbol, the first that refers to it
	methodLookup string            // the first function that looks up methods by reflection, or ""
}

func dependencies(t *testing.T, dir string) linked {
	t.Helper()
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w -dumpdep", "-o", filepath.Join(t.TempDir(), "program"), ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Each line is FROM -> TO, the first way by which the linker came to TO; marks in <>
	// stand behind the names.
	program := linked{from: map[string]string{}}
	for line := range strings.Lines(string(out)) {
		a, b, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " -> ")
		if !ok {
			continue
		}
		name, marks, _ := strings.Cut(b, " <")
		parent, _, _ := strings.Cut(a, " <")
		if _, known := program.from[name]; !known {
			program.from[name] = parent
		}
		if program.methodLookup == "" && strings.Contains(marks, "ReflectMethod>") {
			program.methodLookup = name
		}
	}
	if len(program.from) < 100 {
		t.Fatalf("the linker no longer tells what it keeps and why:\n%s", fmt.Sprintf("%.1000s", out))
	}
	return program
}
