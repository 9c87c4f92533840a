package cli_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// onTerminal runs a program on a pseudo-terminal and returns what it wrote so far, and a
// function that waits for its end.
func onTerminal(t *testing.T, cmd *exec.Cmd) (written func() string, wait func() string) {
	t.Helper()
	_, written, wait = typingOnTerminal(t, cmd)
	return written, wait
}

// typingOnTerminal is onTerminal with a keyboard.
func typingOnTerminal(t *testing.T, cmd *exec.Cmd) (keyboard io.Writer, written func() string, wait func() string) {
	t.Helper()
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	var screen stream
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(&screen, file) // ends with EIO when the program does
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = file.Close() })
	return file, screen.String, func() string {
		_ = cmd.Wait()
		<-ended
		return screen.String()
	}
}

// awaitScreen waits until a program has written something.
func awaitScreen(t *testing.T, written func() string, what *regexp.Regexp) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("on the screen: %q", written())
		}
	}()
	pgtest.Eventually(t, "the screen shows "+what.String(), func() bool { return what.MatchString(written()) })
}

// shown returns the lines that are left on a terminal that understands "\r" and "erase to
// the end of the line".
func shown(written string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(written, "\r\n", "\n"), "\n") {
		if at := strings.LastIndex(line, "\r\x1b[K"); at >= 0 {
			line = line[at+len("\r\x1b[K"):]
		}
		lines = append(lines, line)
	}
	return lines
}

// On a terminal one line shows the revision that is running, since when, and what it waits
// for. It is gone when there is something else to show, and committed revisions are shown
// when they commit.
func TestTerminalShowsWhatIsRunning(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	release := projecttest.Hold(t, projecttest.Config(t, url), "BEGIN; SELECT pg_advisory_xact_lock(1)")
	p := prepare(t, "app", url, []string{"CREATE TABLE a (id int)", "SELECT pg_advisory_xact_lock(1)", "CREATE TABLE c (id int)"}, "up", "--lock-timeout=0s")
	p.cmd.Env = append(p.cmd.Env, "TERM=xterm")
	written, wait := onTerminal(t, p.cmd)
	live := regexp.MustCompile(`\r\x1b\[Kupgrade r2 \(step r2\): running for \d+s, revision 2 of 3`)
	awaitScreen(t, written, live)
	awaitScreen(t, written, regexp.MustCompile("is waiting for a lock held by process "))
	if before := strings.Join(shown(written()), "\n"); !regexp.MustCompile(`up +\x1b\[0m  r1  step r1  committed in `).MatchString(before) {
		t.Errorf("r1 is not reported yet: %q", before)
	}
	release()
	lines := shown(wait())
	for _, line := range lines {
		if strings.Contains(line, "running for") {
			t.Errorf("left on the screen: %q", line)
		}
	}
	if all := strings.Join(lines, "\n"); !strings.Contains(all, "3 applied, at r3 (head)") {
		t.Errorf("%s", all)
	}
}

// Errors and carets have colors on a terminal, and none with NO_COLOR.
func TestTerminalColorsErrors(t *testing.T) {
	t.Parallel()
	for _, noColor := range []string{"", "1"} {
		p := prepare(t, "app", pgtest.Database(t), []string{"SELECT nonsense"}, "up")
		p.cmd.Env = append(p.cmd.Env, "TERM=xterm", "NO_COLOR="+noColor)
		_, wait := onTerminal(t, p.cmd)
		out := wait()
		if got := strings.Contains(out, "\x1b[31m^\x1b[0m"); got != (noColor == "") {
			t.Errorf("NO_COLOR=%q: %q", noColor, out)
		}
		if noColor == "1" && strings.Contains(out, "\x1b[3") {
			t.Errorf("colors: %q", out)
		}
	}
}

// Next to a wide graph a line is as wide as the terminal at most, and the message gives way to what is known of the
// revision.
func TestGraphIsCutToTheTerminal(t *testing.T) {
	t.Parallel()
	p := prepare(t, "app", "", []string{"SELECT 1"}, "history", "--graph")
	merge := "-- revision: merge\n-- down_revision: r1"
	for i := range 60 {
		id := fmt.Sprint("b", i)
		text := "-- " + strings.Repeat("long message ", 20) + "\n--\n-- revision: " + id + "\n-- down_revision: r1\n\nSELECT 1;\n"
		if err := os.WriteFile(filepath.Join(p.dir, id+".up.sql"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		merge += ", " + id
	}
	if err := os.WriteFile(filepath.Join(p.dir, "merge.up.sql"), []byte(merge+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	p.cmd.Env = append(p.cmd.Env, "TERM=xterm", "LC_ALL=C.UTF-8")
	_, wait := onTerminal(t, p.cmd)
	lines := strings.Split(strings.TrimSpace(regexp.MustCompile(`\x1b\[\d*m`).ReplaceAllString(wait(), "")), "\r\n")
	for _, line := range lines {
		if utf8.RuneCountInString(line) > 99 {
			t.Errorf("%q is too wide", line)
		}
	}
	if len(lines) < 62 || !regexp.MustCompile(`^○ +merge +\(head\)$`).MatchString(lines[0]) || !strings.HasSuffix(lines[1], "┬…") || !regexp.MustCompile(`(?m)│○  b59 +long message .*…$`).MatchString(strings.Join(lines, "\n")) {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
}

// A page is not written to a terminal; the suggestion names a file.
func TestReportIsNotForTerminals(t *testing.T) {
	t.Parallel()
	p := prepare(t, "app", "", []string{"SELECT 1"}, "report")
	p.cmd.Env = append(p.cmd.Env, "TERM=xterm", "MIGRATE_COLOR=never")
	_, wait := onTerminal(t, p.cmd)
	if got := wait(); !strings.Contains(got, "error: the page is not for a terminal: name a file\r\nrun: app migrate report --out=report.html\r\n") || p.cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("%d: %q", p.cmd.ProcessState.ExitCode(), got)
	}
}
