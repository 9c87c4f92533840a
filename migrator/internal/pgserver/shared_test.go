//go:build unix

package pgserver

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestUser is a process that uses the shared server until its standard input ends. Otherwise it does nothing.
func TestUser(t *testing.T) {
	parent := os.Getenv("PGSERVER_PARENT")
	if parent == "" {
		return
	}
	s, err := Shared(SharedOptions{Parent: parent, Idle: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stdout.WriteString(fmt.Sprintf("user %s %s %d\n", s.URL, s.dir, s.keeper)); err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
}

type userProcess struct {
	*exec.Cmd
	url, dir, keeper string
}

func startUser(t *testing.T, parent string) *userProcess {
	t.Helper()
	p := &userProcess{Cmd: exec.Command(os.Args[0], "-test.run=^TestUser$")}
	p.Env = append(os.Environ(), "PGSERVER_PARENT="+parent)
	if _, err := p.StdinPipe(); err != nil { // open as long as this process
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	output := ""
	for lines := bufio.NewScanner(out); p.url == "" && lines.Scan(); {
		output += lines.Text() + "\n"
		if rest, ok := strings.CutPrefix(lines.Text(), "user "); ok {
			fields := strings.Fields(rest)
			p.url, p.dir, p.keeper = fields[0], fields[1], fields[2]
		}
	}
	if p.url == "" {
		t.Errorf("the process has no server:\n%s", output)
	}
	return p
}

func (p *userProcess) kill() {
	if p.ProcessState == nil {
		_ = p.Process.Kill()
		_ = p.Wait()
	}
}

func (p *userProcess) address(t *testing.T) string {
	t.Helper()
	_, rest, _ := strings.Cut(p.url, "@")
	address, _, found := strings.Cut(rest, "/")
	if !found {
		t.Fatalf("no address in %s", p.url)
	}
	return address
}

// parentDir is a folder that the servers' user can reach, which t.TempDir is not for root.
func parentDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(memoryDir(), "pgserver-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func awaitEnd(t *testing.T, address, dir string) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for time.Now().Before(deadline) {
		_, err := os.Stat(dir)
		conn, dialErr := net.Dial("tcp", address)
		if dialErr == nil {
			_ = conn.Close()
		}
		if os.IsNotExist(err) && dialErr != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s or the server at %s still exists", dir, address)
}

func TestProcessesShareOneServerThatEndsWithTheLast(t *testing.T) {
	t.Parallel()
	parent := parentDir(t)
	users := make([]*userProcess, 6)
	var wait sync.WaitGroup
	for i := range users {
		wait.Go(func() { users[i] = startUser(t, parent) })
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	for _, u := range users[1:] {
		if u.url != users[0].url {
			t.Errorf("servers %s and %s", users[0].url, u.url)
		}
		u.kill()
	}
	time.Sleep(2500 * time.Millisecond) // the keeper has looked: one process is left
	late := startUser(t, parent)
	if late.url != users[0].url {
		t.Error("the server stopped while a process used it")
	}
	address := late.address(t)
	users[0].kill()
	late.kill()
	awaitEnd(t, address, late.dir)
}

func TestServerWithoutKeeperIsNotUsed(t *testing.T) {
	t.Parallel()
	parent := parentDir(t)
	first := startUser(t, parent)
	lock, err := os.Open(filepath.Join(first.dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	keeper, err := strconv.Atoi(first.keeper)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(keeper, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(3 * time.Minute)
	for hasKeeper(first.dir) && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	second := startUser(t, parent)
	if second.dir == first.dir {
		t.Error("a server that nobody will stop was used")
	}
	// It is removed by the next start, when it is a minute old.
	first.kill()
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(lock.Name(), past, past); err != nil {
		t.Fatal(err)
	}
	removeAbandoned(parent, filepath.Base(first.dir))
	if _, err := os.Stat(first.dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", first.dir, err)
	}
	second.kill()
	awaitEnd(t, second.address(t), second.dir)
}

func TestStartThatWasKilledLeavesNothing(t *testing.T) {
	t.Parallel()
	parent := parentDir(t)
	p := exec.Command(os.Args[0], "-test.run=^TestUser$")
	p.Env = append(os.Environ(), "PGSERVER_PARENT="+parent)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	var dirs []string
	deadline := time.Now().Add(3 * time.Minute)
	for len(dirs) == 0 && time.Now().Before(deadline) { // it has begun
		dirs, _ = filepath.Glob(filepath.Join(parent, "pg*", "initdb*", "password"))
		time.Sleep(time.Millisecond)
	}
	_ = p.Process.Kill()
	_ = p.Wait()
	if len(dirs) == 0 {
		t.Fatal("the process started no server")
	}
	for time.Now().Before(deadline) {
		if dirs, _ = filepath.Glob(filepath.Join(parent, "pg*")); len(dirs) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("left: %v", dirs)
}

func TestFolderOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	dir := parentDir(t)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(os.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	for _, parent := range []string{link} {
		if _, err := Shared(SharedOptions{Parent: parent}); err == nil || !strings.Contains(err.Error(), "not a folder of this user") {
			t.Errorf("%s: %v", parent, err)
		}
	}
	if os.Geteuid() == 0 {
		other := filepath.Join(dir, "other")
		if err := os.Mkdir(other, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Chown(other, 1, 1); err != nil {
			t.Fatal(err)
		}
		if _, err := Shared(SharedOptions{Parent: other}); err == nil || !strings.Contains(err.Error(), "not a folder of this user") {
			t.Errorf("%v", err)
		}
	}
}
