package migratortest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/migratortest"
)

// TestChild is another test process. Otherwise it does nothing.
func TestChild(t *testing.T) {
	file := os.Getenv("MIGRATORTEST_CHILD")
	if file == "" {
		return
	}
	c := migratortest.Config{URL: os.Getenv("MIGRATORTEST_URL"), Key: os.Getenv("MIGRATORTEST_KEY")}
	c.Seed = func(context.Context, *pgconn.Config) error {
		f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if _, err := f.WriteString("made\n"); err != nil {
			return err
		}
		if os.Getenv("MIGRATORTEST_HANG") != "" {
			fmt.Println("seeding")
			time.Sleep(3 * time.Minute)
		}
		return nil
	}
	files := revisions(account, "INSERT INTO account VALUES (1, '"+os.Getenv("MIGRATORTEST_NAME")+"');")
	t.Run("parallel", func(t *testing.T) {
		for i := range 3 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				if got := value(t, c.New(t, files), "SELECT name FROM account"); got != os.Getenv("MIGRATORTEST_NAME") {
					t.Errorf("name %s", got)
				}
			})
		}
	})
}

func child(file, serverURL, key, name string, more ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), "MIGRATORTEST_CHILD="+file, "MIGRATORTEST_URL="+serverURL, "MIGRATORTEST_KEY="+key, "MIGRATORTEST_NAME="+name)
	cmd.Env = append(cmd.Env, more...)
	return cmd
}

func TestProcessesShareTemplates(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{}) // to count its databases
	file := t.TempDir() + "/made"
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			out, err := child(file, server.URL("postgres"), "shared", []string{"first", "second"}[i%2]).CombinedOutput()
			if err != nil || strings.Count(string(out), "--- PASS: TestChild/parallel/") != 3 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wait.Wait()
	made, err := os.ReadFile(file)
	if err != nil || strings.Count(string(made), "made\n") != 2 {
		t.Errorf("want two templates, made once each: %q, %v", made, err)
	}
	got := pgtest.Query(t, server.URL("postgres"), "SELECT left(datname, 15) FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')")
	if fmt.Sprint(got) != "[[ambix_template_] [ambix_template_]]" {
		t.Errorf("databases at the end: %v", got)
	}
}

func TestTemplateOfAKilledProcessIsMadeAgain(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{})
	file := t.TempDir() + "/made"
	victim := child(file, server.URL("postgres"), "killed", "me", "MIGRATORTEST_HANG=1")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	waiting := child(file, server.URL("postgres"), "killed", "me") // waits for the first one
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "seeding") {
	}
	var output strings.Builder
	waiting.Stdout, waiting.Stderr = &output, &output
	if err := waiting.Start(); err != nil {
		t.Fatal(err)
	}
	if n := pgtest.Value(t, server.URL("postgres"), "SELECT count(*) FROM pg_database WHERE datname LIKE 'ambix_unfinished_%'"); n != "1" {
		t.Errorf("%s unfinished templates", n)
	}
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	if err := waiting.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &output)
	}
	got := pgtest.Query(t, server.URL("postgres"), "SELECT left(datname, 15) FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')")
	if fmt.Sprint(got) != "[[ambix_template_]]" {
		t.Errorf("databases at the end: %v", got)
	}
}

// Programs that do not import package dockertest do not need its modules.
func TestNoDockerAmongTheImports(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "docker") || strings.Contains(line, "cobra") {
			t.Errorf("imports %s", line)
		}
	}
	if !strings.Contains(string(out), "example.com/ambix/migrator/internal/pgserver\n") {
		t.Errorf("not the imports:\n%s", out)
	}
}
