package cli_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
)

func TestMain(m *testing.M) {
	if _, set := os.LookupEnv(fingerprintSetting); !set {
		_ = os.Setenv(fingerprintSetting, "off") // by default it depends on the time that a run takes
	}
	testscript.Main(m, map[string]func(){
		"app":     func() { os.Exit(watched(func() int { return cli.Main(scriptConfig()) })) },
		"foreign": func() { os.Exit(watched(foreign)) },
	})
}

const fingerprintSetting = "MIGRATE_FINGERPRINT"

// watched runs a program of the scripts, and fails if its output contains a password that
// it was given.
func watched(program func() int) int {
	if term.IsTerminal(int(os.Stderr.Fd())) {
		return program() // a pipe in between would be no terminal
	}
	// testscript removes the folder, which messages repeat.
	if line, err := os.ReadFile("/proc/self/cmdline"); err == nil {
		if typed, _, _ := strings.Cut(string(line), "\x00"); !strings.Contains(typed, "/testscript-main") {
			os.Args[0] = typed
		}
	}
	words := append(os.Environ(), os.Args...)
	var secrets []string
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		if name == "DB_PASS" || name == "PGPASSWORD" {
			secrets = append(secrets, value)
		}
		for _, text := range []string{word, value} {
			if u, err := url.Parse(text); err == nil && u.User != nil {
				password, _ := u.User.Password()
				secrets = append(secrets, password)
			}
		}
	}
	var streams sync.WaitGroup
	var leaked atomic.Bool
	watch := func(stream **os.File, all *bytes.Buffer) (end func()) {
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		real := *stream
		*stream = w
		streams.Go(func() {
			_, _ = io.Copy(io.MultiWriter(real, all), r)
			for _, secret := range secrets {
				if len(secret) > 4 && strings.Contains(all.String(), secret) {
					leaked.Store(true)
				}
			}
		})
		return func() { _ = w.Close(); *stream = real }
	}
	var stdout, stderr bytes.Buffer
	endOut, endErr := watch(&os.Stdout, &stdout), watch(&os.Stderr, &stderr)
	code := program()
	endOut()
	endErr()
	streams.Wait()
	if leaked.Load() {
		fmt.Fprintln(os.Stderr, "A PASSWORD WAS PRINTED")
		return 99
	}
	if os.Getenv("MIGRATE_LOG_FORMAT") == "json" || strings.Contains(strings.Join(os.Args, " "), "--log-format json") {
		wrong := cli.RecordProblems(stderr.String())
		if strings.HasPrefix(stdout.String(), `{"time"`) {
			wrong = append(wrong, cli.RecordProblems(stdout.String())...)
		}
		if len(wrong) > 0 {
			fmt.Fprintln(os.Stderr, "WRONG RECORDS:\n"+strings.Join(wrong, "\n"))
			return 97
		}
	}
	if dir := os.Getenv("PASTE"); dir != "" {
		if wrong := pasteAll(dir, execution{stdout: stdout.String(), stderr: stderr.String(), code: code}); len(wrong) > 0 {
			fmt.Fprintln(os.Stderr, "WRONG COMMANDS IN THE OUTPUT:\n"+strings.Join(wrong, "\n"))
			return 98
		}
	}
	return code
}

// scriptConfig returns the configuration of the programs in scripts: EMBEDDED names the
// folder that replaces the embedded revisions.
func scriptConfig() cli.Config {
	c := cli.Config{Program: "app", Version: "v1.2.3"}
	if v := os.Getenv("VERSION"); v != "" {
		c.Version = v
	}
	if dir := os.Getenv("EMBEDDED"); dir != "" {
		c.FS = os.DirFS(dir)
	}
	return c
}

// foreign is another program with its own flags, as `cobra-cli init` generates it, where
// cobra prints the errors.
func foreign() int {
	root := &cobra.Command{Use: "shop"}
	var region string
	var verbose bool
	root.PersistentFlags().StringVar(&region, "region", "eu", "where the shop is")
	root.PersistentFlags().String("token", "", "of the shop")
	root.PersistentFlags().BoolVarP(&verbose, "verbose", "v", false, "say more")
	cobra.OnInitialize(func() { fmt.Fprintln(os.Stderr, "initialized for", region) })
	root.PersistentPreRun = func(*cobra.Command, []string) { fmt.Fprintln(os.Stderr, "hook for", region, verbose) }
	root.AddCommand(cli.Command(scriptConfig()))
	return cli.ExitCode(root.Execute())
}

var update = flag.Bool("update", false, "write what the scripts compare")

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			t, ok := env.T().(testing.TB)
			if !ok {
				return errors.New("a script is not a test")
			}
			built := filepath.Join(env.WorkDir, "built")
			env.Setenv("DATABASE_URL", pgtest.Database(t))
			env.Setenv("EMBEDDED", built)
			env.Setenv("PASTE", env.WorkDir)
			env.Setenv(fingerprintSetting, "off")
			// A script without revisions has the first two of the store.
			if _, err := os.Stat(built); err == nil {
				return nil
			}
			return os.CopyFS(built, os.DirFS("testdata/store"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"sql":       runSQL,
			"hold":      hold,
			"revisions": revisions,
		},
	})
}

// exits runs a program that must end with an exit code: exits 2 app migrate upp.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var failed *exec.ExitError
		if !errors.As(err, &failed) {
			ts.Fatalf("%v", err)
		}
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// runSQL runs a statement in the script's database; its rows are standard output.
func runSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: sql 'STATEMENT'")
	}
	conn := connect(ts)
	defer conn.Close(context.Background())
	results, err := conn.Exec(context.Background(), args[0]).ReadAll()
	ts.Check(err)
	for _, result := range results {
		for _, row := range result.Rows {
			fmt.Fprintf(ts.Stdout(), "%s\n", bytes.Join(row, []byte("|")))
		}
	}
}

// hold runs a statement in a transaction that stays open until the script ends.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold 'STATEMENT'")
	}
	conn := connect(ts)
	ts.Defer(func() { conn.Close(context.Background()) })
	ts.Setenv("HELD", "1") // the database cannot be copied
	_, err := conn.Exec(context.Background(), "BEGIN; "+args[0]).ReadAll()
	ts.Check(err)
}

func connect(ts *testscript.TestScript) *pgconn.PgConn {
	conn, err := pgconn.Connect(context.Background(), ts.Getenv("DATABASE_URL"))
	ts.Check(err)
	return conn
}

// revisions writes a chain of revisions into a folder: revisions sql 10000.
func revisions(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: revisions FOLDER COUNT")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	parent := ""
	for i := range n {
		id := fmt.Sprintf("a%05d", i)
		text := fmt.Sprintf("-- step %d\n--\n-- revision: %s\n-- down_revision: %s\n\nSELECT %[1]d;\n", i, id, parent)
		ts.Check(os.WriteFile(filepath.Join(dir, id+".up.sql"), []byte(text), 0o666))
		ts.Check(os.WriteFile(filepath.Join(dir, id+".down.sql"), []byte("-- revision: "+id+"\n\nSELECT 1;\n"), 0o666))
		parent = id
	}
}

// line returns a chain of three revisions.
func line() fstest.MapFS {
	files := fstest.MapFS{}
	parent := ""
	for _, id := range []string{"a1", "b2", "c3"} {
		files["sql/"+id+".up.sql"] = &fstest.MapFile{Data: []byte("-- add " + id + "\n--\n-- revision: " + id + "\n-- down_revision: " + parent + "\n\nSELECT 1;\n")}
		files["sql/"+id+".down.sql"] = &fstest.MapFile{Data: []byte("-- revision: " + id + "\n\nSELECT 1;\n")}
		parent = id
	}
	return files
}

// result is the outcome of an execution in this process.
type result struct {
	stdout, stderr string
	err            error
}

// trees are the positions of the command in a tree.
var trees = map[string]func(c cli.Config, args ...string) result{
	"as a root": func(c cli.Config, args ...string) result {
		return execute(cli.Command(c), args...)
	},
	"in a foreign tree": func(c cli.Config, args ...string) result {
		root := &cobra.Command{Use: "shop", SilenceErrors: true}
		root.PersistentFlags().String("region", "eu", "where the shop is")
		root.AddCommand(cli.Command(c))
		return execute(root, append([]string{"migrate"}, args...)...)
	},
	"in a foreign tree that traverses": func(c cli.Config, args ...string) result {
		root := &cobra.Command{Use: "shop", SilenceErrors: true, TraverseChildren: true}
		root.PersistentFlags().String("region", "eu", "where the shop is")
		tools := &cobra.Command{Use: "tools"}
		tools.AddCommand(cli.Command(c))
		root.AddCommand(tools)
		return execute(root, append([]string{"--region", "us", "tools", "migrate"}, args...)...)
	},
}

func execute(root *cobra.Command, args ...string) result {
	var stdout, stderr strings.Builder
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetArgs(args)
	root.SilenceErrors = true
	err := root.Execute()
	return result{stdout.String(), stderr.String(), err}
}
