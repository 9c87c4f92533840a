package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"example.com/ambix/migrator/cli"
	"example.com/ambix/migrator/internal/pgtest"
)

// completed is a line that is typed, with the key TAB as a tab, and what it has become when the last completion was done.
type completed struct{ typed, line string }

// completions are what every shell completes: commands, flags, their values, files and targets.
var completions = []completed{
	{"app mig\tsta\t", "app migrate sta"}, // stamp and status
	{"app migrate stat\t", "app migrate status "},
	{"app migrate graph --form\t", "app migrate graph --format"},
	{"app migrate graph --format s\t", "app migrate graph --format svg "},
	{"app migrate graph --format=s\t", "app migrate graph --format=svg "},
	{"app migrate up --ahead=o\t", "app migrate up --ahead=ok "},
	{"app migrate status --color n\t", "app migrate status --color never "},
	{"app migrate adopt --tool gol\t", "app migrate adopt --tool golang-migrate "},
	{"app migrate up shopa\t", "app migrate up shopa1 "},
	{"app migrate up shopb1 base\t", "app migrate up shopb1 base "},
	{"app migrate up shop@hea\t", "app migrate up shop@head"},
	{"app migrate up shop@shopb\t", "app migrate up shop@shopb1 "},
	{"app migrate history -r shopa1:shopb\t", "app migrate history -r shopa1:shopb1 "},
	{"app migrate history --rev-range=shopa1:shopb\t", "app migrate history --rev-range=shopa1:shopb1 "},
	{"app migrate plan up --from shopa1,shopb\t", "app migrate plan up --from shopa1,shopb1 "},
	{"app migrate log --action failed,inter\t", "app migrate log --action failed,interrupted"},
	{"app migrate schema --out some_fi\t", "app migrate schema --out some_file.sql "},
	{"app migrate schema --out=some_fi\t", "app migrate schema --out=some_file.sql "},
	{"app migrate status --dir some_\t", "app migrate status --dir some_folder/"},
	{"app migrate status --dir ./rev\tsta\t", "app migrate status --dir ./revs/sta"},
	{"app migrate revision --rev-id some\t", "app migrate revision --rev-id some"}, // not a file
	{"./app migrate up shopa\t", "./app migrate up shopa1 "},
	{"app migrate help stat\t", "app migrate help status "},
	{"app migrate plan st\t", "app migrate plan stamp "},
	{"app migrate up \"shopa\t", `app migrate up "shopa1" `},
	{"app migrate up $(touch pwned)shopa\t", "app migrate up $(touch pwned)shopa"},
}

// completionFolder is a folder with a program app, revisions, a file and a folder.
func completionFolder(t *testing.T) (dir string, env []string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"revs/shopa1.up.sql":    "-- first\n--\n-- revision: shopa1\n-- down_revision:\n-- branch_labels: shop\n\nSELECT 1;\n",
		"revs/shopb1.up.sql":    "-- revision: shopb1\n-- down_revision: shopa1\n\nSELECT 1;\n",
		"some_file.sql":         "",
		"some_folder/other.sql": "",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program, err := exec.LookPath("app")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(dir, "app")); err != nil {
		t.Fatal(err)
	}
	env = []string{"PATH=" + filepath.Dir(program) + ":" + os.Getenv("PATH"), "HOME=" + dir, "MIGRATE_DIR=revs", "TERM=xterm", "LC_ALL=C.UTF-8", fingerprintSetting + "=off"}
	return dir, env
}

// typeLines types lines into a shell on a terminal and returns what they have become: each is then put in quotes and
// printed. The shell has to begin with setup, and its line editor has to work like Emacs.
func typeLines(t *testing.T, setup string, shell ...string) map[string]string {
	t.Helper()
	dir, env := completionFolder(t)
	cmd := exec.Command(shell[0], shell[1:]...)
	cmd.Dir, cmd.Env = dir, env
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 200, Cols: 400})
	if err != nil {
		t.Fatal(err)
	}
	var screen stream
	go func() {
		buffer := make([]byte, 1<<12)
		for {
			n, err := file.Read(buffer)
			_, _ = screen.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = file.Close(); _ = cmd.Wait() })
	say := func(text string) {
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	await := func(what string) {
		awaitScreen(t, screen.String, regexp.MustCompile(regexp.QuoteMeta(what)))
	}
	say(setup + "; printf '%s%s\\n' REA DY\n")
	await("READY")
	results := map[string]string{}
	for i, c := range completions {
		// C-a goes to the beginning of the line, C-e to its end.
		say(c.typed + "\x01printf '%s[%s]\\n' 'L" + fmt.Sprint(i) + "=' '\x05'\n")
		begin := fmt.Sprintf("L%d=[", i)
		await(begin)
		await("]\r\n")
		_, line, _ := strings.Cut(screen.String(), begin)
		for !strings.Contains(line, "]\r\n") {
			time.Sleep(10 * time.Millisecond)
			_, line, _ = strings.Cut(screen.String(), begin)
		}
		line, _, _ = strings.Cut(line, "]\r\n")
		results[c.typed] = line
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("a command on the line was run by completing it")
	}
	return results
}

func checkLines(t *testing.T, results map[string]string) {
	t.Helper()
	for _, c := range completions { // zsh removes what it has added after a word when something else is typed
		if got := results[c.typed]; strings.TrimRight(got, " /") != strings.TrimRight(c.line, " /") {
			t.Errorf("%q becomes %q, want %q", c.typed, got, c.line)
		}
	}
}

// In bash the keys do the same with and without the package bash-completion, of which nothing is loaded here.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	checkLines(t, typeLines(t, `unset HISTFILE; eval "$(app completion bash)"; set +o history; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'`, "bash", "--noprofile", "--norc", "-i"))
}

// The key completes and does not expand, as it does by default: then zsh itself runs commands that are on the line.
func TestZshCompletes(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("zsh")
	if err != nil {
		pgtest.Missing(t, "zsh is not installed: run scripts/install zsh (scripts/test does)")
	}
	results := typeLines(t, `PS1='> '; bindkey -e; bindkey '^I' complete-word; setopt no_beep no_auto_list no_list_beep no_auto_menu no_prompt_sp; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source <(app completion zsh)`, shell, "-f", "-i")
	checkLines(t, results)
}

// fish tells its completions without a terminal.
func TestFishCompletes(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("fish")
	if err != nil {
		pgtest.Missing(t, "fish is not installed: run scripts/install fish (scripts/test does)")
	}
	dir, env := completionFolder(t)
	for _, c := range completions {
		typed := strings.TrimSuffix(c.typed, "\t")
		if strings.ContainsAny(typed, "\t\"$") {
			continue
		}
		cmd := exec.CommandContext(t.Context(), shell, "--no-config", "-c", `app completion fish | source; complete -C "$argv[1]"`, typed)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		words := strings.Fields(c.line)
		want, found := words[len(words)-1], false
		for line := range strings.Lines(string(out)) {
			word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			found = found || strings.HasPrefix(word, want)
		}
		if isNew := !strings.HasSuffix(typed, want); found != isNew && isNew {
			t.Errorf("%q: %q is not among %q", typed, want, out)
		}
	}
}

// The script for PowerShell is read, because no PowerShell can be installed everywhere: it asks the program like the others do,
// and leaves lines alone on which evaluating them would run something.
func TestPowerShellAsksTheProgram(t *testing.T) {
	t.Parallel()
	dir, env := completionFolder(t)
	ask := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "app", args...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	script := ask("completion", "powershell")
	if !regexp.MustCompile(`(?m)^Register-ArgumentCompleter -CommandName 'app'`).MatchString(script) || !strings.Contains(script, `$RequestComp="$Program __complete $Arguments"`) {
		t.Errorf("the script does not ask the program:\n%s", script)
	}
	before, _, evaluates := strings.Cut(script, "Invoke-Expression")
	guard := regexp.MustCompile(`(?m)^    if \(\$Command -match '([^']+)'\) \{ return \}$`).FindStringSubmatch(before)
	if !evaluates || guard == nil || strings.Contains(strings.Replace(script, "Invoke-Expression", "", 1), "Invoke-Expression") {
		t.Fatalf("the line is evaluated without being checked first:\n%s", script)
	}
	runs := regexp.MustCompile(guard[1])
	for _, line := range []string{"app $(ri x)", "app (ri x)", "app \"$(ri x)\"", "app x;ri x", "app x|ri x", "app x&ri x", "app `$(ri x)", "app @(ri x)", "app {ri x}", "app x>x", "app x\nri x"} {
		if !runs.MatchString(line) {
			t.Errorf("%q is evaluated", line)
		}
	}
	for _, c := range completions {
		typed, _, _ := strings.Cut(c.typed, "\t")
		if strings.HasPrefix(typed, "./") || strings.ContainsAny(typed, `"$`) {
			continue
		}
		if runs.MatchString(typed) {
			t.Errorf("%q is not completed", typed)
		}
		words := strings.Split(typed, " ")
		last := words[len(words)-1]
		if flag, value, ok := strings.Cut(last, "="); ok && strings.HasPrefix(flag, "--") {
			last = value // as the script does
		}
		lines := strings.Split(strings.TrimSpace(ask(append([]string{cobra.ShellCompRequestCmd}, words[1:]...)...)), "\n")
		found := strings.HasPrefix(lines[len(lines)-1], ":0") || strings.HasPrefix(lines[len(lines)-1], ":16") // files
		for _, candidate := range lines[:len(lines)-1] {
			found = found || strings.HasPrefix(candidate, last)
		}
		if isNew := strings.TrimSpace(c.line) != typed; isNew && !found {
			t.Errorf("%q: no candidate in %q", typed, lines)
		}
	}
}

// No flag is forgotten: files are offered only where a file is meant, and no value is offered for what anybody makes up.
func TestEveryFlagSaysWhatItsValuesAre(t *testing.T) {
	t.Parallel()
	dir, _ := completionFolder(t)
	environ := []string{"MIGRATE_DIR=" + filepath.Join(dir, "revs")}
	root := cli.Command(cli.Config{Environ: environ})
	checked := 0
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			placeholder := f.Annotations["ambix_placeholder"]
			if placeholder == nil || f.Value.Type() == "bool" {
				return
			}
			res := execute(cli.Command(cli.Config{Environ: environ}), cobra.ShellCompNoDescRequestCmd, cmd.Name(), "--"+f.Name+"=")
			lines := strings.Split(strings.TrimSpace(res.stdout), "\n")
			last := lines[len(lines)-1]
			want := map[string]string{"FILE": ":0", "FILE|-": ":0", "URL|FILE": ":0", "REPORT": ":0", "SCHEMA": ":0", "DIR": ":16"}[placeholder[0]]
			if want == "" {
				want = ":4"
				if strings.HasPrefix(placeholder[0], "REV") || strings.HasPrefix(placeholder[0], "TARGET") || placeholder[0] == "A:B" {
					want = ":36"
				}
			}
			choice := strings.Contains(placeholder[0], "|") && want == ":4" && placeholder[0] != "N|N%"
			if last != want || (want == ":36" || choice) && len(lines) < 3 {
				t.Errorf("%s --%s %s: %q, want %s", cmd.Name(), f.Name, placeholder[0], lines, want)
			}
			checked++
		})
	}
	if checked < 50 {
		t.Errorf("only %d flags", checked)
	}
}
