//go:build unix

package pgserver

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestOnlyAbandonedFoldersAreRemoved(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	old := time.Now().Add(-time.Hour)
	folder := func(name string, age time.Time) *os.File {
		dir := filepath.Join(parent, homePrefix+name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		lock, err := os.Create(filepath.Join(dir, "lock"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = lock.Close() })
		if err := os.Chtimes(lock.Name(), age, age); err != nil {
			t.Fatal(err)
		}
		return lock
	}
	inUse, _, _ := folder("in-use", old), folder("abandoned", old), folder("just-made", time.Now())
	if err := syscall.Flock(int(inUse.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	removeAbandoned(parent, homePrefix)
	for name, want := range map[string]bool{"in-use": true, "abandoned": false, "just-made": true} {
		_, err := os.Stat(filepath.Join(parent, homePrefix+name))
		if have := err == nil; have != want {
			t.Errorf("%s: exists %t, want %t", name, have, want)
		}
	}
}
