package pgtest

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

// home is the folder of everything that this process starts. A separate process, the keeper,
// stops the servers in it and removes it when the test process ends.
type home struct {
	dir   string
	owner *syscall.Credential // who runs the servers; nil: the user who runs the tests
	lock  *os.File            // locked by this process and the keeper while the folder is in use
	lease *os.File            // the keeper waits until this pipe is closed

	mu        sync.Mutex
	templates map[string]func() (string, error) // data directories to copy, by folder of binaries
}

// openHome returns the folder of this process; it outlives every test.
var openHome = sync.OnceValues(newHome)

const homePrefix = "ambix-pgtest-"

func newHome() (_ *home, err error) {
	h := &home{templates: map[string]func() (string, error){}}
	if h.owner, err = serverUser(); err != nil {
		return nil, err
	}
	parent := homeParent()
	removeAbandoned(parent)
	if h.dir, err = os.MkdirTemp(parent, homePrefix); err != nil {
		return nil, err
	}
	if err := h.startKeeper(); err != nil {
		_ = os.RemoveAll(h.dir)
		return nil, err
	}
	return h, nil
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

// homeParent prefers a file system in memory, where CREATE DATABASE takes a tenth of the time.
func homeParent() string {
	const shm, enough = "/dev/shm", 2 << 30
	var fs syscall.Statfs_t
	if syscall.Statfs(shm, &fs) == nil && fs.Bavail*uint64(fs.Bsize) >= enough && syscall.Access(shm, 2 /* W_OK */) == nil {
		return shm
	}
	return os.TempDir()
}

// keeper waits for the end of its standard input, which comes however the test process ends.
// SIGQUIT stops the servers; one that a test has suspended also needs SIGCONT. Removal is
// repeated because a server that is stopping may still create files.
const keeper = `trap '' HUP INT TERM
cat >/dev/null
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

func (h *home) startKeeper() error {
	if h.owner != nil {
		if err := os.Chown(h.dir, int(h.owner.Uid), int(h.owner.Gid)); err != nil {
			return err
		}
	}
	var err error
	if h.lock, err = os.Create(filepath.Join(h.dir, "lock")); err != nil {
		return err
	}
	if err = syscall.Flock(int(h.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return err
	}
	end, lease, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = end.Close() }()
	cmd := h.command("sh", "-c", keeper, "sh", h.dir)
	cmd.Dir = "/"
	cmd.Stdin = end
	cmd.ExtraFiles = []*os.File{h.lock}
	h.lease = lease
	return cmd.Start()
}

// removeAbandoned removes folders whose test process and keeper were both killed.
func removeAbandoned(parent string) {
	locks, _ := filepath.Glob(filepath.Join(parent, homePrefix+"*", "lock"))
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
func (h *home) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: h.owner, Setsid: true}
	return cmd
}

// run runs a program; the error contains its output.
func (h *home) run(name string, args ...string) error {
	return finish(h.command(name, args...))
}

func finish(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// newDir creates a folder owned by the servers' user.
func (h *home) newDir(prefix string) (string, error) {
	dir, err := os.MkdirTemp(h.dir, prefix+"-")
	if err == nil && h.owner != nil {
		err = os.Chown(dir, int(h.owner.Uid), int(h.owner.Gid))
	}
	return dir, err
}

// write writes a file owned by the servers' user and readable by nobody else.
func (h *home) write(path, content string) error {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return err
	}
	if h.owner == nil {
		return nil
	}
	return os.Chown(path, int(h.owner.Uid), int(h.owner.Gid))
}

// freePort returns a port that nobody listens on, below the range of outgoing connections, so
// that it is still free when a stopped server starts again.
func freePort() (int, error) {
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

// appendTo appends to an existing file.
func appendTo(path, content string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, content)
	return errors.Join(err, f.Close())
}
