package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pgtest"
)

// scene is a copy of a script's folder and of its database.
type scene struct {
	dir, copy          string
	database, original string // names; "" if no database can be reached
	admin              *pgconn.Config
}

func newScene(dir string) (*scene, error) {
	parent, err := os.MkdirTemp(filepath.Dir(dir), "paste")
	if err != nil {
		return nil, err
	}
	s := &scene{dir: dir, copy: filepath.Join(parent, "work")}
	// os.CopyFS does not copy symbolic links.
	if out, err := exec.Command("cp", "-a", dir, s.copy).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	s.copyDatabase()
	return s, nil
}

// copyDatabase copies the database that the program used. It cannot be copied while a
// session of the script holds a lock there; then the commands, which fail likewise, run on
// the original.
func (s *scene) copyDatabase() {
	cfg, err := pgconn.ParseConfig(databaseOfProgram())
	if err != nil || cfg.Database == "" {
		return
	}
	s.admin = cfg.Copy()
	s.original, s.admin.Database = cfg.Database, "postgres"
	if len(s.original) > 60 {
		panic("the name of the copy would be too long: " + s.original)
	}
	name := s.original + "_p"
	if os.Getenv("HELD") != "" {
		s.database = s.original
		return
	}
	for deadline := time.Now().Add(pgtest.Patience); time.Now().Before(deadline); { // a session may take a moment to end
		err := s.exec("DROP DATABASE IF EXISTS "+name, "CREATE DATABASE "+name+" TEMPLATE "+s.original)
		if err == nil {
			s.database = name
			return
		}
		if e, ok := errors.AsType[*pgconn.PgError](err); !ok || e.Code != "55006" {
			return // it cannot be reached
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// databaseOfProgram returns the URL that this process was given.
func databaseOfProgram() string {
	for i, arg := range os.Args {
		if value, ok := strings.CutPrefix(arg, "--database-url="); ok {
			return value
		}
		if arg == "--database-url" && i+1 < len(os.Args) {
			return os.Args[i+1]
		}
	}
	if u := os.Getenv("DATABASE_URL"); u != "" {
		return u
	}
	return "dbname=''"
}

// exec runs statements, each in its own transaction.
func (s *scene) exec(statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, s.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	major, _, _ := strings.Cut(conn.ParameterStatus("server_version"), ".")
	version, _ := strconv.Atoi(major)
	for _, statement := range statements {
		if version >= 15 && strings.HasPrefix(statement, "CREATE DATABASE") {
			statement += " STRATEGY file_copy" // a fraction of the work
		}
		if _, err := conn.Exec(ctx, statement).ReadAll(); err != nil {
			return err
		}
	}
	return nil
}

func (s *scene) remove() {
	_ = os.RemoveAll(filepath.Dir(s.copy))
	if s.database != "" && s.database != s.original {
		_ = s.exec("DROP DATABASE " + s.database + " WITH (FORCE)")
	}
}

// here returns text with the names of the copies.
func (s *scene) here(text string) string {
	text = strings.ReplaceAll(text, s.dir, s.copy)
	if s.database != "" && s.database != s.original {
		text = strings.ReplaceAll(text, s.original, s.database)
	}
	return text
}

// writeSQL does what the output of revision says: it completes the files.
func (s *scene) writeSQL(names string) error {
	for _, name := range regexp.MustCompile(`[^\s"]+\.up\.sql`).FindAllString(names, -1) {
		wd, err := os.Getwd()
		if err != nil {
			return err
		}
		f, err := os.OpenFile(filepath.Join(s.here(wd), name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if _, err := f.WriteString("SELECT 1;\n"); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// startWriter keeps what is written, and calls started once a database is named in it.
type startWriter struct {
	strings.Builder        // not a buffer, from whose ReadFrom a copy would read
	started         func() // nil: it is not needed any more
}

func (w *startWriter) Write(b []byte) (int, error) {
	n, err := w.Builder.Write(b)
	if w.started != nil && databaseLine.MatchString(w.String()) {
		w.started()
		w.started = nil
	}
	return n, err
}

// paste runs a command in a shell. A command that waits for something is stopped a second after it has named its database.
func (s *scene) paste(command string) execution {
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.Patience)
	defer cancel()
	var stdout bytes.Buffer
	var stderr startWriter
	waits := strings.Contains(command, "--wait")
	switch {
	case waits && withoutData.MatchString(command):
		time.AfterFunc(time.Second, cancel)
	case waits:
		stderr.started = func() { time.AfterFunc(time.Second, cancel) }
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+s.here(command))
	if strings.Contains(command, "&&") {
		cmd.Args[2] = s.here(command)
	}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Dir = s.copy
	if wd, err := os.Getwd(); err == nil && strings.HasPrefix(wd+"/", s.dir+"/") {
		cmd.Dir = s.here(wd)
	}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "PASTE=") && !strings.HasPrefix(entry, "PWD=") {
			cmd.Env = append(cmd.Env, s.here(entry))
		}
	}
	cmd.Env = append(cmd.Env, s.passwords()...)
	err := cmd.Run()
	e := execution{stdout: stdout.String(), stderr: stderr.String(), stopped: waits && ctx.Err() != nil}
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		e.code = failed.ExitCode()
	} else if err != nil {
		e.code, e.stderr = 127, e.stderr+err.Error()
	}
	return e
}

// passwords returns what a person sets when the output says that the password is not
// repeated.
func (s *scene) passwords() []string {
	if !strings.Contains(strings.Join(os.Args, " "), "--database-url") {
		return nil
	}
	u, err := url.Parse(databaseOfProgram())
	if err != nil || u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	return []string{"PGPASSWORD=" + password}
}
