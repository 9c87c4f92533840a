//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Home is a folder with servers and what belongs to them. A separate process, the keeper, stops the servers in it and removes
// it when nobody needs them any more.
type Home struct {
	Dir      string
	Password string // that of the superuser on all its servers, because they are copies of one data directory

	owner *syscall.Credential // who runs the servers; nil: the user who runs the tests
	lock  *os.File            // locked by the keeper while the folder is in use
	lease *os.File            // the keeper of one process waits until this pipe is closed

	keeper int // its process

	mu        sync.Mutex
	templates map[string]func() (string, error) // data directories to copy, by folder of binaries
}

// OpenHome returns the folder of this process; it outlives every test.
var OpenHome = sync.OnceValues(func() (*Home, error) {
	h, err := newHome(memoryDir(), homePrefix)
	if err != nil {
		return nil, err
	}
	end, lease, err := os.Pipe()
	if err == nil {
		err = h.startKeeper(processKeeper, end)
		_ = end.Close()
	}
	if err != nil {
		_ = os.RemoveAll(h.Dir)
		return nil, err
	}
	h.lease = lease
	return h, nil
})

const homePrefix = "ambix-pgtest-"

// newHome creates a folder, which has no keeper yet, after it has removed those that their keepers have left behind.
func newHome(parent, prefix string) (_ *Home, err error) {
	h := &Home{Password: RandomHex(12), templates: map[string]func() (string, error){}}
	if h.owner, err = serverUser(); err != nil {
		return nil, err
	}
	removeAbandoned(parent, prefix)
	if h.Dir, err = os.MkdirTemp(parent, prefix); err != nil {
		return nil, err
	}
	if h.owner != nil {
		err = os.Chown(h.Dir, int(h.owner.Uid), int(h.owner.Gid))
	}
	if err == nil {
		err = h.takeLock()
	}
	if err != nil {
		_ = os.RemoveAll(h.Dir)
		return nil, err
	}
	return h, nil
}

func (h *Home) takeLock() error {
	var err error
	if h.lock, err = os.Create(filepath.Join(h.Dir, "lock")); err != nil {
		return err
	}
	return syscall.Flock(int(h.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}

// serverUser returns the user that runs the servers if this process is root: PostgreSQL
// refuses to run as root.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errU := strconv.ParseUint(u.Uid, 10, 32)
		gid, errG := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(errU, errG); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

// stopServers is the end of every keeper: $1 is the folder. SIGQUIT stops the servers; one that a test has suspended also
// needs SIGCONT. Removal is repeated because a server that is stopping may still create files.
const stopServers = `
for file in "$1"/*/data/postmaster.pid "$1"/*/pgbouncer.pid; do
  if [ -e "$file" ]; then
    read -r pid <"$file"
    kill -QUIT "$pid"
    kill -CONT "$pid"
  fi
done
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  rm -rf "$1" && exit
  sleep 0.1
done`

// processKeeper waits for the end of its standard input, which comes however the test process ends.
const processKeeper = `trap '' HUP INT TERM
cat >/dev/null
` + stopServers

// startKeeper starts a script as the servers' user, with the lock.
func (h *Home) startKeeper(script string, stdin *os.File, args ...string) error {
	cmd := h.command("sh", append([]string{"-c", script, "sh", h.Dir}, args...)...)
	cmd.Dir = "/"
	if stdin != nil {
		cmd.Stdin = stdin
	} else {
		cmd.SysProcAttr.Credential = nil // it looks whether processes of the tests' user are alive
	}
	cmd.ExtraFiles = []*os.File{h.lock}
	if err := cmd.Start(); err != nil {
		return err
	}
	h.keeper = cmd.Process.Pid
	return nil
}

// removeAbandoned removes folders whose test processes and keeper were all killed.
func removeAbandoned(parent, prefix string) {
	locks, _ := filepath.Glob(filepath.Join(parent, prefix+"*", "lock"))
	for _, path := range locks {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < time.Minute {
			continue // its process may be about to lock it
		}
		lock, err := os.Open(path)
		if err != nil {
			continue
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		_ = lock.Close()
	}
}

// command prepares a program to run as the servers' user, in a new session and without the
// PG* variables of this process.
func (h *Home) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = h.Dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: h.owner, Setsid: true}
	return cmd
}

// Run runs a program as the servers' user; the error contains its output.
func (h *Home) Run(name string, args ...string) error {
	return finish(h.command(name, args...))
}

func finish(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// NewDir creates a folder owned by the servers' user.
func (h *Home) NewDir(prefix string) (string, error) {
	dir, err := os.MkdirTemp(h.Dir, prefix+"-")
	if err == nil && h.owner != nil {
		err = os.Chown(dir, int(h.owner.Uid), int(h.owner.Gid))
	}
	return dir, err
}

// Write writes a file owned by the servers' user and readable by nobody else.
func (h *Home) Write(path, content string) error {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return err
	}
	if h.owner == nil {
		return nil
	}
	return os.Chown(path, int(h.owner.Uid), int(h.owner.Gid))
}

// FreePort returns a port that nobody listens on, below the range of outgoing connections, so
// that it is still free when a stopped server starts again.
func FreePort() (int, error) {
	var err error
	for range 100 {
		port := 20000 + rand.IntN(12000)
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, fmt.Errorf("no free port on the loopback interface: %w", err)
}

// AppendTo appends to an existing file.
func AppendTo(path, content string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, content)
	return errors.Join(err, f.Close())
}
