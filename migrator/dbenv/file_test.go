package dbenv_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/ambix/migrator/dbenv"
	"example.com/ambix/migrator/internal/pgtest"
)

// Every setting that names a file is refused at once if the file is a pipe, a device or too
// large, wherever the setting comes from.
func TestFilesThatAreNotRegularAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, linked, large := filepath.Join(dir, "pipe"), filepath.Join(dir, "linked"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(pipe, linked); err != nil {
		t.Fatal(err)
	}
	write(t, large, "")
	if err := os.Truncate(large, 1<<40); err != nil {
		t.Skip(err) // this file system has no holes
	}
	db := []string{"DB_HOST=h", "DB_NAME=d", "DB_USER=u"}
	settings := map[string]func(path string) []string{
		"DB_PASS_FILE":   func(path string) []string { return append([]string{"DB_PASS_FILE=" + path}, db...) },
		"DB_SSLROOTCERT": func(path string) []string { return append([]string{"DB_SSLROOTCERT=" + path}, db...) },
		"PGSERVICEFILE":  func(path string) []string { return []string{"PGSERVICE=x", "PGSERVICEFILE=" + path} },
		"PGPASSFILE":     func(path string) []string { return append([]string{"PGPASSFILE=" + path}, db...) },
		"PGSSLKEY":       func(path string) []string { return append([]string{"PGSSLKEY=" + path}, db...) },
		"PGSSLCERT":      func(path string) []string { return append([]string{"PGSSLCERT=" + path}, db...) },
		"PGSSLROOTCERT":  func(path string) []string { return append([]string{"PGSSLROOTCERT=" + path}, db...) },
		"DATABASE_URL": func(path string) []string {
			return []string{"DATABASE_URL=postgres://u@h/d?sslmode=verify-full&sslrootcert=" + path}
		},
	}
	for name, environ := range settings {
		for path, want := range map[string]string{pipe: "is a pipe, not a regular file", linked: "is a pipe, not a regular file", "/dev/zero": "is a device, not a regular file", dir: "is a directory", large: "larger than"} {
			if path == large && (name == "PGPASSFILE" || name == "PGSSLKEY" || name == "PGSSLCERT") {
				continue // the driver reads them
			}
			done := make(chan error, 1)
			go func() {
				_, err := dbenv.Options{Environ: environ(path)}.Config()
				done <- err
			}()
			select {
			case err := <-done:
				if err == nil || !strings.Contains(err.Error(), path+": "+want) {
					t.Errorf("%s=%s: %v", name, path, err)
				}
			case <-time.After(pgtest.Patience):
				t.Fatalf("%s=%s: still waiting", name, path)
			}
		}
	}
}
