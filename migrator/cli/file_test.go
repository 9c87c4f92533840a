package cli

import (
	"os"
	"path/filepath"
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
