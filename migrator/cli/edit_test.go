package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/ambix/migrator/internal/pgtest"
)

// Ctrl+C in an editor reaches the whole process group, but is meant for the editor.
func TestEditLeavesInterruptToTheEditor(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"app", "foreign"} {
		for _, test := range []struct {
			signal syscall.Signal
			want   int
		}{{syscall.SIGINT, 0}, {syscall.SIGTERM, 143}} {
			t.Run(program+" "+test.signal.String(), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				if err := os.CopyFS(filepath.Join(dir, "sql"), os.DirFS("testdata/store")); err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command(program, "migrate", "edit", "head")
				cmd.Dir = dir
				// The editor creates the file open, and runs until the file close exists.
				cmd.Env = append(os.Environ(), "DATABASE_URL=", "EMBEDDED=", "VISUAL=touch open; until test -e close; do sleep 0.01; done; echo done by")
				var out strings.Builder
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = cmd.Process.Kill() })
				pgtest.Eventually(t, "the editor runs", func() bool {
					_, err := os.Stat(filepath.Join(dir, "open"))
					return err == nil
				})
				for range 3 {
					if err := cmd.Process.Signal(test.signal); err != nil || test.want > 0 {
						break
					}
					time.Sleep(20 * time.Millisecond)
				}
				if test.want == 0 {
					if err := os.WriteFile(filepath.Join(dir, "close"), nil, 0o666); err != nil {
						t.Fatal(err)
					}
				}
				_ = cmd.Wait()
				if got := cmd.ProcessState.ExitCode(); got != test.want || strings.Contains(out.String(), "done by sql/") != (test.want == 0) {
					t.Errorf("exit code %d, want %d\n%s", got, test.want, out.String())
				}
			})
		}
	}
}
