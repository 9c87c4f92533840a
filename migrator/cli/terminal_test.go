package cli_test

import (
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// onTerminal runs a program on a pseudo-terminal and returns what it wrote so far, and a
// function that waits for its end.
func onTerminal(t *testing.T, cmd *exec.Cmd) (written func() string, wait func() string) {
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
	return screen.String, func() string {
		_ = cmd.Wait()
		<-ended
		return screen.String()
	}
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
	for deadline := time.Now().Add(time.Minute); !live.MatchString(written()); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no line: %q", written())
		}
	}
	if before := strings.Join(shown(written()), "\n"); !regexp.MustCompile(`up +\x1b\[0m  r1  step r1  committed in `).MatchString(before) {
		t.Errorf("r1 is not reported yet: %q", before)
	}
	if !strings.Contains(written(), "is waiting for a lock held by process ") {
		t.Errorf("who blocks is not shown: %q", written())
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
