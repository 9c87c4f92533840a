// Package browsertest runs JavaScript with a real browser for tests of pages and pictures.
// scripts/browser installs what it needs.
package browsertest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
)

//go:embed run.js
var runner string

// Run calls an async JavaScript function with a browser of playwright-core, an input, and the folder of
// the installed packages, and decodes the JSON of what it returns into output. function is the source
// of the function. A test is skipped, or fails, as pgtest.Missing says if the browser is not installed.
func Run(t testing.TB, function string, input, output any) {
	t.Helper()
	modules := folder(t)
	argument, err := json.Marshal(map[string]any{"input": input, "modules": modules, "function": function})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "-e", runner)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	cmd.Stdin = bytes.NewReader(argument)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	result, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	if err := json.Unmarshal(result, output); err != nil {
		t.Fatalf("%v\n%s\n%s", err, result, stderr.String())
	}
}

// folder returns the folder that contains the packages for Node.
func folder(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "ambix/browser")
	_, err = os.Stat(filepath.Join(dir, ".ready"))
	if err != nil {
		Missing(t, "no browser is installed")
	}
	return filepath.Join(dir, "node_modules")
}

// Missing is pgtest.Missing for what scripts/browser installs. AMBIX_NO_BROWSER is why it could not
// be installed, as scripts/test sets it after it has said so.
func Missing(t testing.TB, what string) {
	t.Helper()
	if why := os.Getenv("AMBIX_NO_BROWSER"); why != "" {
		t.Skip(what + ": " + why)
	}
	pgtest.Missing(t, what+": run scripts/browser (scripts/test does)")
}
