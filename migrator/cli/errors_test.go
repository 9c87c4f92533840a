package cli

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/apply"
)

const errorsDocument = "../../docs/errors.md"

// The table of kinds in docs/errors.md is made of the rows of kinds; "go test -update"
// writes it.
func TestErrorsDocumentHasTheTableOfKinds(t *testing.T) {
	var want strings.Builder
	want.WriteString("| code | kind | what it is | what to do |\n| --- | --- | --- | --- |\n")
	for _, row := range kinds {
		code := strconv.Itoa(row.exit)
		if row.exit == exitInterrupted {
			code = fmt.Sprintf("%d, %d", exitInterrupted, exitTerminated)
		}
		fmt.Fprintf(&want, "| %s | `%s` | %s | %s |\n", code, row.kind, row.means, row.remedy)
	}
	text := read(t, errorsDocument)
	table := regexp.MustCompile(`(?m)^\| code \| kind \|.*\n(\|.*\n)+`)
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(errorsDocument, []byte(table.ReplaceAllLiteralString(text, want.String())), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), table.FindString(text)); diff != "" {
		t.Errorf("kinds (-) and docs/errors.md (+):\n%s", diff)
	}
}

// The table of parts and SQLSTATEs in docs/errors.md is made of the rules of package apply;
// "go test -update" writes it. It is not parallel: another test writes the same file.
func TestErrorsDocumentHasTheTableOfBlame(t *testing.T) {
	var want strings.Builder
	want.WriteString("| part that failed | SQLSTATE | kind | cause | hint |\n| --- | --- | --- | --- | --- |\n")
	for _, row := range apply.BlameTable() {
		fmt.Fprintf(&want, "| %s | %s | %s | %s | %s |\n", row.Parts, row.States, row.Verdict, row.Cause, row.Hint)
	}
	text := read(t, errorsDocument)
	table := regexp.MustCompile(`(?m)^\| part that failed \|.*\n(\|.*\n)+`)
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile(errorsDocument, []byte(table.ReplaceAllLiteralString(text, want.String())), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), table.FindString(text)); diff != "" {
		t.Errorf("rules (-) and docs/errors.md (+):\n%s", diff)
	}
}

// Every Kind constant of the library has a row.
func TestEveryKindHasARow(t *testing.T) {
	t.Parallel()
	var known []string
	for _, row := range kinds {
		known = append(known, string(row.kind))
	}
	found := regexp.MustCompile(`(?m)^\tKind\w+ +Kind += "([a-z-]+)"`).FindAllStringSubmatch(read(t, "../errors.go"), -1)
	if len(found) < 20 {
		t.Fatalf("found %d kinds", len(found))
	}
	for _, m := range found {
		if !slices.Contains(known, m[1]) {
			t.Errorf("kind %q has no row", m[1])
		}
	}
}

// The tables of exit codes in README.md and docs/errors.md and the comment of ExitCode are
// made of exitRows; "go test -update" writes the tables. It is not parallel: another test
// writes the same file.
func TestExitCodesAreTheSameEverywhere(t *testing.T) {
	for file, more := range map[string]bool{"../../README.md": false, errorsDocument: true} {
		var want strings.Builder
		want.WriteString("| code | means | run again? |\n| --- | --- | --- |\n")
		for _, row := range exitRows {
			means := strings.NewReplacer("check, diff or rehearse", "`check`, `diff` or `rehearse`").Replace(row.means)
			if more {
				means += row.more
			}
			fmt.Fprintf(&want, "| %s | %s | %s |\n", row.code, means, row.again)
		}
		text := read(t, file)
		table := regexp.MustCompile(`(?m)^\| code \| means \|.*\n(\|.*\n)+`)
		if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
			if err := os.WriteFile(file, []byte(table.ReplaceAllLiteralString(text, want.String())), 0o666); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(want.String(), table.FindString(text)); diff != "" {
			t.Errorf("exitRows (-) and %s (+):\n%s", file, diff)
		}
	}
	var comment strings.Builder
	for _, row := range exitRows {
		fmt.Fprintf(&comment, "//\t%s  %s\n", row.code, row.means)
	}
	if !strings.Contains(read(t, "exit.go"), "\n//\n"+comment.String()+"func ExitCode(") {
		t.Errorf("the comment of ExitCode must have\n%s", &comment)
	}
}

// A fleet ends with one of these codes, in the order that docs/tenants.md has, and a job is told about each of a single run.
func TestEveryExitCodeHasASeverityAndARuleInJobs(t *testing.T) {
	t.Parallel()
	var codes, again, never []string
	for _, row := range exitRows[1:] {
		codes = append(codes, strings.Split(row.code, ", ")...)
		switch {
		case strings.Contains(row.code, ","), row.again == "": // the signals, and what `check` and others found
		case strings.HasPrefix(row.again, "yes"):
			again = append(again, row.code)
		default:
			never = append(never, row.code)
		}
	}
	var order []string
	for _, code := range severities {
		order = append(order, strconv.Itoa(code))
	}
	if !slices.Equal(slices.Sorted(slices.Values(order)), slices.Sorted(slices.Values(codes))) {
		t.Errorf("severities of %q, but the codes are %q", order, codes)
	}
	if want := "in the order " + strings.Join(order, ", ") + ";"; !strings.Contains(read(t, "../../docs/tenants.md"), want) {
		t.Errorf("docs/tenants.md must have %q", want)
	}
	for _, file := range []string{"../../docs/kubernetes.md", "../../examples/kubernetes/job.yaml"} {
		for action, codes := range map[string][]string{"FailJob": never, "Count": again} {
			rule := regexp.MustCompile(`action: ` + action + `\n +onExitCodes: \{.*values: \[` + strings.Join(codes, ", ") + `\]`)
			if !rule.MatchString(read(t, file)) {
				t.Errorf("%s must have %s for %q", file, action, codes)
			}
		}
	}
}

// Every error type of the library has a Kind that has a row, in every variant.
func TestEveryErrorTypeHasAKind(t *testing.T) {
	t.Parallel()
	for _, err := range []interface {
		error
		Kind() migrator.Kind
	}{
		&migrator.FilesError{},
		&migrator.ConfigError{},
		&migrator.TargetError{},
		&migrator.RefusedError{},
		&migrator.PolicyError{},
		&migrator.ConnectError{},
		&migrator.LedgerError{},
		&migrator.RevisionError{},
		&migrator.LockTimeoutError{RevisionError: &migrator.RevisionError{}},
		&migrator.GuardError{RevisionError: &migrator.RevisionError{}},
		&migrator.BusyError{},
		&migrator.InterruptedError{},
		&migrator.UnconfirmedError{},
		&migrator.UnknownOutcomeError{},
		&migrator.AdoptError{},
		&migrator.SchemaError{Problem: migrator.SchemaRefused},
		&migrator.SchemaError{Problem: migrator.SchemaChanging},
		&migrator.SchemaError{Problem: migrator.SchemaDenied},
		&migrator.SchemaError{Problem: migrator.SchemaAhead},
		&migrator.SchemaError{Problem: migrator.SchemaUnfinished},
		&migrator.ScratchError{Problem: migrator.ScratchNotNamed},
		&migrator.ScratchError{Problem: migrator.ScratchUnusable},
		&migrator.SchemaFileError{},
	} {
		kind, code := classify(err)
		if kind != err.Kind() || code == 0 || kind == kindOther {
			t.Errorf("%s: kind %s, exit code %d", reflect.TypeOf(err), kind, code)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
