package exampletest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"example.com/ambix/migrator/internal/pgserver"
	"example.com/ambix/migrator/internal/pgtest"
)

// folder has the programs.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "ambix-examples-"); err != nil {
		panic(err)
	}
	cmd := exec.Command("go", "build", "-o", folder+"/", "./service", "./cobra", "./databasesql", "./fleet")
	cmd.Dir = "../../../examples"
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// command is one of the programs, with a database and without other settings.
func command(t *testing.T, database, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), filepath.Join(folder, program), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "DATABASE_URL=" + database}
	return cmd
}

// run returns what a program prints. It has to end with the exit code.
func run(t *testing.T, code int, database, program string, args ...string) string {
	t.Helper()
	cmd := command(t, database, program, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		t.Fatalf("%s %q: %v, want exit code %d\n%s", program, args, err, code, out)
	}
	return string(out)
}

func contains(t *testing.T, output string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(output, part) {
			t.Errorf("%q is not in\n%s", part, output)
		}
	}
}

// Two replicas of the service start together, serve requests, and end when they are told to.
func TestService(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	var addresses []string
	var replicas []*exec.Cmd
	outputs := make([]strings.Builder, 2)
	for i := range 2 {
		address := freeAddress(t)
		cmd := command(t, database, "service")
		cmd.Env = append(cmd.Env, "LISTEN="+address)
		cmd.Stdout, cmd.Stderr = &outputs[i], &outputs[i]
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		addresses, replicas = append(addresses, address), append(replicas, cmd)
	}
	var exits sync.WaitGroup
	errs := make([]error, 2)
	ended := make([]chan struct{}, 2)
	for i, cmd := range replicas {
		ended[i] = make(chan struct{})
		exits.Go(func() {
			errs[i] = cmd.Wait()
			close(ended[i])
		})
	}
	for i, address := range addresses {
		if body := get(t, "http://"+address+"/accounts", ended[i]); body != "0 accounts, 0 points\n" {
			t.Errorf("%q", body)
		}
		_ = replicas[i].Process.Signal(syscall.SIGTERM)
	}
	exits.Wait()
	for i := range replicas {
		if errs[i] != nil || !strings.Contains(outputs[i].String(), "migrated") {
			t.Errorf("%v\n%s", errs[i], &outputs[i])
		}
	}
	if n := pgtest.Value(t, database, "SELECT count(*) FROM ambix_event WHERE direction = 'up'"); n != "2" {
		t.Errorf("%s revisions were applied", n)
	}
}

// get repeats a request until the server listens or has ended.
func get(t *testing.T, url string, ended <-chan struct{}) string {
	t.Helper()
	for {
		response, err := http.Get(url) //nolint:gosec // it is our own
		if err == nil {
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		select {
		case <-ended:
			return "the service has ended"
		case <-t.Context().Done():
			return "timeout"
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := pgserver.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

func TestServiceEndsWithoutADatabase(t *testing.T) {
	t.Parallel()
	contains(t, run(t, 1, "", "service"), "no database")
}

func TestCommandsInACobraTree(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	contains(t, run(t, 0, database, "cobra", "hello"), "hello")
	contains(t, run(t, 0, database, "cobra", "migrate", "up"), "2 applied, at 9c02d7e64fb1 (head)")
	contains(t, run(t, 0, database, "cobra", "migrate", "down", "-1"), "9c02d7e64fb1")
	contains(t, run(t, 3, database, "cobra", "migrate", "check"), "it is pending")
	run(t, 1, database, "cobra", "unknown")
	contains(t, run(t, 0, database, "cobra", "migrate", "up", "--help"), "[2s]")
}

func TestDatabaseSQL(t *testing.T) {
	t.Parallel()
	contains(t, run(t, 0, pgtest.Database(t), "databasesql"), "2 applied\n0 accounts\n")
}

func TestFleet(t *testing.T) {
	t.Parallel()
	database := pgtest.Database(t)
	contains(t, run(t, 1, database, "fleet"), "there is no schema tenant_*")
	pgtest.Exec(t, database, "CREATE SCHEMA tenant_a; CREATE SCHEMA tenant_b; CREATE SCHEMA other")
	contains(t, run(t, 0, database, "fleet"), "tenant_a: 2 applied\n", "tenant_b: 2 applied\n")
	if n := pgtest.Value(t, database, "SELECT count(*) FROM pg_tables WHERE tablename = 'account'"); n != "2" {
		t.Errorf("%s tables", n)
	}
	pgtest.Exec(t, database, "CREATE SCHEMA tenant_0; CREATE TABLE tenant_0.account ()")
	contains(t, run(t, 1, database, "fleet"), "0 of 3 tenants are up to date:\n", "tenant_0: ", "tenant_b: not begun")
}
