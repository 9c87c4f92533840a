package cli_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// shell is a shell that runs several commands.
type shell struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
}

func newShell(t *testing.T, dir string, env ...string) *shell {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc")
	cmd.Dir = dir
	for _, entry := range os.Environ() {
		switch name, _, _ := strings.Cut(entry, "="); {
		case strings.HasPrefix(name, "DB_"), strings.HasPrefix(name, "PG"), strings.HasPrefix(name, "MIGRATE_"), name == "DATABASE_URL", name == "GOFLAGS":
		default:
			cmd.Env = append(cmd.Env, entry)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &shell{t, in, bufio.NewReader(out)}
}

// run returns what a command prints on both streams, in order.
func (s *shell) run(command string) string {
	s.t.Helper()
	const end = '\x1e'
	if _, err := fmt.Fprintf(s.in, "{ %s\n} </dev/null 2>&1; s=$?; printf '\\036'; (exit $s)\n", strings.TrimSpace(command)); err != nil {
		s.t.Fatal(err)
	}
	out, err := s.out.ReadString(end)
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.TrimSuffix(out, string(end))
}
