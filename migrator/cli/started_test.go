package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

func TestExecutablesOfGoRunAreRecognized(t *testing.T) {
	t.Parallel()
	for arg0, want := range map[string]bool{
		"/tmp/go-build3021476113/b001/exe/app": true,
		"/root/.cache/go-build/1f/1f4b2c0c8e3a9d7766554433221100ffeeddccbbaa99887766554433221100ff-d/app": true,
		"/home/me/go-builder/exe/app": false,
		"./app":                       false,
		"app":                         false,
		"/usr/local/bin/app":          false,
	} {
		if got := builtByGoRun().MatchString(arg0); got != want {
			t.Errorf("%s: %t", arg0, got)
		}
	}
	for _, s := range []string{"a", "", "it's", "$HOME `id` \\ \"", "a\nb\n c", "\x1b[31m\u202e\u00a0x'\\n\\0101", "\xff\xfe", "ä ö", "~", "-1", "*"} {
		word := shellWord(s)
		out, err := exec.Command("sh", "-c", "printf %s "+word).Output()
		if err != nil || string(out) != s {
			t.Errorf("%q: %s is %q, %v", s, word, out, err)
		}
		if strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q: %q", s, word)
		}
	}
	for arg0, want := range map[string]string{"./app": "./app", "my tools/app": "'my tools/app'", "./it's": `'./it'\''s'`} {
		if got := programWords(arg0); got != want {
			t.Errorf("%s: %s", arg0, got)
		}
	}
}

// A package is named relative to the working directory, if that is in its module.
func TestPackageIsNamedForGoRun(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":              "module example.com/store\n",
		"main.go":             "package main\n",
		"cmd/my app/main.go":  "package main\n",
		"inner/go.mod":        "module example.com/inner\n",
		"inner/app/main.go":   "package main\n\nimport \"example.com/ambix/migrator/cli\"\n",
		"inner/other/main.go": "package main\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ wd, pkg, module, want string }{
		{".", "example.com/store", "example.com/store", "."},
		{".", "example.com/store/cmd/my app", "example.com/store", "./cmd/my app"},
		{"cmd", "example.com/store", "example.com/store", ".."},
		{"cmd", "example.com/store/cmd/my app", "example.com/store", "./my app"},
		{"inner", "example.com/store", "example.com/store", ""},
		{".", "example.com/store/none", "example.com/store", ""},
		{".", "command-line-arguments", "example.com/store", ""},
		{".", "example.com/store", "", ""},
	} {
		t.Chdir(filepath.Join(dir, test.wd))
		if got := packageDir(test.pkg, test.module); got != test.want {
			t.Errorf("%+v: %s", test, got)
		}
	}
	for name, want := range map[string]bool{"inner/app": true, "inner/other": false, "inner": false} {
		if got := hasMainPackage(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
