package cli_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
)

// draftOnTerminal drafts a rename on a terminal, where somebody types each of the keys once the program has asked.
func draftOnTerminal(t *testing.T, keys ...string) (screen, up string, code int) {
	t.Helper()
	return draftChangeOnTerminal(t, "CREATE TABLE account (id int PRIMARY KEY, nickname text, new int);\n", "[y/n] ", keys...)
}

func draftChangeOnTerminal(t *testing.T, desired, prompt string, keys ...string) (screen, up string, code int) {
	t.Helper()
	p := prepare(t, "app", pgtest.Database(t), []string{"CREATE TABLE account (id int PRIMARY KEY, nick text, old int)"}, "revision", "--autogenerate", "-m", "rename", "--dir=.")
	p.cmd.Dir = p.dir
	p.cmd.Env = append(p.cmd.Env, "TERM=xterm", "NO_COLOR=1")
	if err := os.WriteFile(filepath.Join(p.dir, "r1.down.sql"), []byte("DROP TABLE account;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	schema := filepath.Join(t.TempDir(), "schema.sql")
	if err := os.WriteFile(schema, []byte(desired), 0o600); err != nil {
		t.Fatal(err)
	}
	p.cmd.Args = append(p.cmd.Args, "--schema="+schema)
	keyboard, written, wait := typingOnTerminal(t, p.cmd)
	for i, key := range keys {
		pgtest.Eventually(t, "it asks", func() bool { return strings.Count(written(), prompt) > i })
		if _, err := io.WriteString(keyboard, key); err != nil {
			t.Fatal(err)
		}
	}
	screen = wait()
	files, err := filepath.Glob(p.dir + "/*_rename.up.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		up += string(text)
	}
	return screen, up, p.cmd.ProcessState.ExitCode()
}

func TestTerminalAsksAboutRenames(t *testing.T) {
	t.Parallel()
	screen, up, code := draftOnTerminal(t, "what?\r", "y\r", "no\r")
	if code != 0 || !strings.Contains(screen, "column public.account.nick: was it renamed to nickname? Otherwise it is dropped with what it contains. [y/n] ") {
		t.Errorf("exit code %d\n%s", code, screen)
	}
	if !strings.Contains(up, "RENAME COLUMN nick TO nickname;") || !strings.Contains(up, "DROP COLUMN old;") {
		t.Errorf("%s\n%s", screen, up)
	}
}

func TestTerminalAsksWhichNameIsMeant(t *testing.T) {
	t.Parallel()
	const desired = "CREATE TABLE account (id int PRIMARY KEY, name text, nickname text, alias text, old bigint);\n"
	screen, up, code := draftChangeOnTerminal(t, desired, "[name or n] ", "y\r", "alias\r")
	if code != 0 || !strings.Contains(screen, "column public.account.nick: was it renamed to nickname, name or alias? Otherwise it is dropped with what it contains. [name or n] ") {
		t.Errorf("exit code %d\n%s", code, screen)
	}
	if !strings.Contains(up, "RENAME COLUMN nick TO alias;") {
		t.Errorf("%s\n%s", screen, up)
	}
	screen, up, code = draftChangeOnTerminal(t, desired, "[name or n] ", "NO\r")
	if code != 0 || !strings.Contains(up, "DROP COLUMN nick;") {
		t.Errorf("exit code %d\n%s\n%s", code, screen, up)
	}
}

func TestTerminalQuestionCanBeInterrupted(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]struct {
		code int
		text string
	}{"\x03": {130, "interrupt"}, "\x04": {2, "the question was not answered; nothing was written"}} {
		screen, up, code := draftOnTerminal(t, key)
		if code != want.code || up != "" || !strings.Contains(screen, want.text) {
			t.Errorf("%q: exit code %d\n%s\n%s", key, code, screen, up)
		}
	}
}
