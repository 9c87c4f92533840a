package cli

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestFilesAreWrittenThroughLinksAndDevicesAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link := filepath.Join(dir, "schema.sql"), filepath.Join(dir, "link.sql")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("schema.sql", link); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(link, "new"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "new" {
		t.Errorf("%q, %v", text, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info.Mode(), err)
	}
	device := filepath.Join(dir, "device")
	if err := os.Symlink(os.DevNull, device); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(device, "text"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(device); err != nil || info.Mode()&os.ModeDevice == 0 {
		t.Errorf("the device was replaced: %v", err)
	}
	if err := writeWhole(dir, "text"); err == nil {
		t.Error("a folder was accepted")
	}
}

// The name of the temporary file is in no error, and nothing is left of it.
func TestErrorsNameTheFileThatWasAskedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	failed := func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return &fs.PathError{Op: "write", Path: w.(*os.File).Name(), Err: syscall.ENOSPC}
	}
	file := filepath.Join(dir, "report.html")
	if err := writeFile(file, failed); err == nil || err.Error() != file+" cannot be written: no space left on device; nothing was written" {
		t.Errorf("a full disk: %v", err)
	}
	missing := filepath.Join(dir, "missing", "report.html")
	if err := writeWhole(missing, "text"); err == nil || err.Error() != missing+" cannot be written: the folder "+filepath.Dir(missing)+" does not exist; nothing was written" {
		t.Errorf("no folder: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(file, failed); err == nil {
		t.Error("no error")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "old" {
		t.Errorf("a failure changed the file: %q, %v", text, err)
	}
	if err := writeWhole(file, "new"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read a file that was private: %v, %v", info.Mode(), err)
	}
}
