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

// home is the folder of everything this process starts. A keeper, a process of its own,
// stops the servers in it and removes it when the test process ends.
type home struct {
	dir   string
	owner *syscall.Credential // who runs the servers; nil: who runs the tests
	lock  *os.File            // held by us and the keeper: this folder is in use
	lease *os.File            // the keeper waits for this pipe's end

	mu       sync.Mutex
	clusters map[string]func() (string, error) // by folder of binaries: a data directory to copy
}

// openHome is called once per process; the folder outlives every test.
var openHome = sync.OnceValues(newHome)

const homePrefix = "ambix-pgtest-"

func newHome() (_ *home, err error) {
	h := &home{clusters: map[string]func() (string, error){}}
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

// serverUser is for root only, as whom PostgreSQL refuses to run.
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
	return nil, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as")
}

// homeParent prefers memory: CREATE DATABASE takes a tenth of the time there.
func homeParent() string {
	const shm, enough = "/dev/shm", 2 << 30
	var fs syscall.Statfs_t
	if syscall.Statfs(shm, &fs) == nil && fs.Bavail*uint64(fs.Bsize) >= enough && syscall.Access(shm, 2 /* W_OK */) == nil {
		return shm
	}
	return os.TempDir()
}

// keeper waits for the end of its standard input, which comes however the test process
// ends. Servers stop on SIGQUIT; one that a test has frozen must be woken for that. The
// folder may grow while it is removed, so removing is tried again.
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
	cmd.Dir = "/" // a folder that is somebody's working directory can be removed, but only confuses
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
			continue // another process may be about to lock it
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

// command prepares a program that runs as the servers' user, apart from the terminal's
// signals and from the PG* variables of whoever runs the tests.
func (h *home) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: h.owner, Setsid: true}
	return cmd
}

// run runs a program to its end; its output goes into the error.
func (h *home) run(name string, args ...string) error {
	return finish(h.command(name, args...))
}

func finish(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// newDir makes a folder that the servers' user owns.
func (h *home) newDir(prefix string) (string, error) {
	dir, err := os.MkdirTemp(h.dir, prefix+"-")
	if err == nil && h.owner != nil {
		err = os.Chown(dir, int(h.owner.Uid), int(h.owner.Gid))
	}
	return dir, err
}

// write writes a file as the servers' user owns it, readable by nobody else.
func (h *home) write(path, content string) error {
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return err
	}
	if h.owner == nil {
		return nil
	}
	return os.Chown(path, int(h.owner.Uid), int(h.owner.Gid))
}

// freePort finds a port that nothing listens on. It stays below those that the kernel
// hands to outgoing connections, so that a stopped server finds its port free again.
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

// appendTo adds text to a file that exists.
func appendTo(path, content string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, content)
	return errors.Join(err, f.Close())
}
