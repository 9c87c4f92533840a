package revision_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"example.com/ambix/migrator/revision"
)

// largeSize is the size of the up file of BenchmarkPeakMemory, in MB.
const largeSize = 195

// memoryUses are what commands do with a revision.
var memoryUses = map[string]func(dir string) error{
	"nothing": func(string) error { return nil },
	"heads":   func(dir string) error { return useScript(dir, func(*revision.Script) error { return nil }) },
	"status": func(dir string) error {
		return useScript(dir, func(s *revision.Script) error { _ = s.Digest(); return nil })
	},
	"plan": func(dir string) error {
		return useScript(dir, func(s *revision.Script) error { _ = s.Checksum(); return nil })
	},
	"show": func(dir string) error {
		return useScript(dir, func(s *revision.Script) error { _ = s.StatementCount(); return nil })
	},
	"run": func(dir string) error {
		return useScript(dir, func(s *revision.Script) error {
			s, err := s.Loaded()
			if err == nil && len(s.Statements()) == 0 {
				err = os.ErrInvalid
			}
			return err
		})
	},
}

func useScript(dir string, use func(*revision.Script) error) error {
	revisions, problems, err := revision.Load(os.DirFS(dir), dir)
	if err == nil {
		err = problems.Err()
	}
	if err != nil {
		return err
	}
	return use(revisions[0].Up)
}

// BenchmarkPeakMemory reports the resident memory of a process that uses a revision of 195 MB of INSERTs. Each use is in a
// process of its own: this test binary, with variables that say what it is to do.
func BenchmarkPeakMemory(b *testing.B) {
	if use, dir := os.Getenv("REVISION_MEMORY_USE"), os.Getenv("REVISION_MEMORY_DIR"); use != "" {
		if err := memoryUses[use](dir); err != nil {
			b.Fatal(err)
		}
		return
	}
	dir := b.TempDir()
	if err := writeInserts(filepath.Join(dir, "a.up.sql"), largeSize*1_000_000); err != nil {
		b.Fatal(err)
	}
	for use := range memoryUses {
		b.Run(use, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=^BenchmarkPeakMemory$", "-test.benchtime=1x")
				cmd.Env = append(os.Environ(), "REVISION_MEMORY_USE="+use, "REVISION_MEMORY_DIR="+dir)
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
				peak := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss // in kB on Linux
				b.ReportMetric(float64(peak)/1000, "peak-MB")
			}
		})
	}
}

func writeInserts(name string, size int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprint(w, "-- seed\n--\n-- revision: a\n-- down_revision:\n\nCREATE TABLE account (id bigint, name text, note text);\n")
	note := strings.Repeat("x", 100)
	for n, i := 0, 0; n < size; i++ {
		m, _ := fmt.Fprintf(w, "INSERT INTO account (id, name, note) VALUES (%d, 'name of account %d', '%s');\n", i, i, note)
		n += m
	}
	return w.Flush()
}
