//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// SharedOptions describe the server that test processes share.
type SharedOptions struct {
	// Version is the major version. 0: the newest installed.
	Version int
	// Idle is how long the server runs after the last process has ended. 0: 15 seconds.
	Idle time.Duration
	// Parent is the folder of all shared servers. "": one of this user, in memory if the machine has such a file system.
	Parent string
}

const (
	defaultIdle = 15 * time.Second
	// keptIdle is Idle of a server on which a process keeps something to be looked at.
	keptIdle = 10 * time.Minute
)

// SharedServer is a server that several test processes use.
type SharedServer struct {
	URL    *url.URL // of the database postgres, as the superuser
	dir    string
	keeper int // the process, if this one has started it
}

// Shared returns the server that the test processes of this user share, and starts it if it does not run. It stops some time
// after the last of these processes has ended.
func Shared(o SharedOptions) (*SharedServer, error) {
	b, err := Find(o.Version)
	if err != nil {
		return nil, err
	}
	if o.Parent == "" {
		o.Parent = filepath.Join(memoryDir(), "ambix-migratortest-"+strconv.Itoa(os.Geteuid()))
	}
	if err := makePrivate(o.Parent); err != nil {
		return nil, err
	}
	unlock, err := lockFile(filepath.Join(o.Parent, "starting"))
	if err != nil {
		return nil, err
	}
	defer unlock()
	prefix := "pg" + strconv.Itoa(b.Major) + "-"
	homes, _ := filepath.Glob(filepath.Join(o.Parent, prefix+"*"))
	for _, dir := range homes {
		if s := attach(dir); s != nil {
			return s, nil
		}
	}
	return startShared(b, o, prefix)
}

// makePrivate creates a folder in which nobody else can create files. Its servers' user may be another one, and has to pass.
func makePrivate(dir string) error {
	if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a folder of this user: remove it", dir)
	}
	return os.Chmod(dir, 0o711)
}

// lockFile waits for the exclusive lock of a file.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

// The files of a shared server: its URL while it accepts users, its password for libpq, one empty file for each process that
// uses it, and one that says that something was kept on it.
const (
	urlFile  = "url"
	passFile = "pgpass"
	usersDir = "users"
	keptFile = "kept"
)

// attach makes this process a user of a server. It returns nil if the server is about to stop, does not answer, or has lost
// its keeper.
func attach(dir string) *SharedServer {
	if _, err := os.Stat(filepath.Join(dir, urlFile)); err != nil || !hasKeeper(dir) {
		return nil
	}
	user := filepath.Join(dir, usersDir, strconv.Itoa(os.Getpid()))
	if err := os.WriteFile(user, nil, 0o600); err != nil {
		return nil
	}
	// The keeper moves the file away before it looks for users a last time.
	text, err := os.ReadFile(filepath.Join(dir, urlFile))
	if err == nil {
		u, parseErr := url.Parse(strings.TrimSpace(string(text)))
		if parseErr == nil && listens(u.Host) {
			return &SharedServer{URL: u, dir: dir}
		}
	}
	_ = os.Remove(user)
	return nil
}

func hasKeeper(dir string) bool {
	lock, err := os.Open(filepath.Join(dir, "lock"))
	if err != nil {
		return false
	}
	defer func() { _ = lock.Close() }()
	return errors.Is(syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

func listens(address string) bool {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

func startShared(b Binaries, o SharedOptions, prefix string) (*SharedServer, error) {
	h, err := newHome(o.Parent, prefix)
	if err != nil {
		return nil, err
	}
	defer func() { _ = h.lock.Close() }() // the keeper has it
	remove := func(err error) (*SharedServer, error) {
		_ = os.RemoveAll(h.Dir)
		return nil, err
	}
	users := filepath.Join(h.Dir, usersDir)
	if err := os.Mkdir(users, 0o700); err != nil {
		return remove(err)
	}
	if err := os.WriteFile(filepath.Join(users, strconv.Itoa(os.Getpid())), nil, 0o600); err != nil {
		return remove(err)
	}
	// Before the server: if this process is killed in between, the keeper ends what there is.
	idle := o.Idle
	if idle == 0 {
		idle = defaultIdle
	}
	if err := h.startKeeper(sharedKeeper, nil, seconds(idle), seconds(max(idle, keptIdle))); err != nil {
		return remove(err)
	}
	i, err := h.start(b, Options{Settings: map[string]string{"max_connections": "500"}})
	if err != nil {
		return nil, err // the keeper removes the folder with this process
	}
	if err := os.WriteFile(filepath.Join(h.Dir, passFile), []byte("*:*:*:*:"+h.Password+"\n"), 0o600); err != nil {
		return nil, err
	}
	temporary := filepath.Join(h.Dir, urlFile+".new")
	if err := os.WriteFile(temporary, []byte(i.URL().String()+"\n"), 0o600); err != nil {
		return nil, err
	}
	if err := os.Rename(temporary, filepath.Join(h.Dir, urlFile)); err != nil {
		return nil, err
	}
	return &SharedServer{URL: i.URL(), dir: h.Dir, keeper: h.keeper}, nil
}

func seconds(d time.Duration) string {
	return strconv.Itoa(int(max(d.Round(time.Second), time.Second).Seconds()))
}

// PassFile is the path of a file with the password, for PGPASSFILE.
func (s *SharedServer) PassFile() string { return filepath.Join(s.dir, passFile) }

// Keep makes the server run longer after the last process has ended, and returns how long.
func (s *SharedServer) Keep() time.Duration {
	if err := os.WriteFile(filepath.Join(s.dir, keptFile), nil, 0o600); err != nil {
		return defaultIdle
	}
	return keptIdle
}

// sharedKeeper looks every second which of the processes that use the folder $1 are alive. It stops the server when there has
// been none for $2 seconds, or $3 if something was kept. The URL is moved away before the last look, so that a process that
// comes in between either is seen or sees that it is too late.
const sharedKeeper = `trap '' HUP INT TERM
alive() {
  found=1
  for file in "$1"/users/*; do
    [ -e "$file" ] || continue
    if kill -0 "${file##*/}" 2>/dev/null; then
      found=0
    else
      rm -f "$file"
    fi
  done
  return "$found"
}
idle=0
while :; do
  sleep 1
  if alive "$1"; then
    idle=0
    continue
  fi
  idle=$((idle + 1))
  limit=$2
  [ ! -e "$1/kept" ] || limit=$3
  [ "$idle" -ge "$limit" ] || continue
  [ ! -e "$1/url" ] || mv "$1/url" "$1/closed"
  alive "$1" || break
  [ ! -e "$1/closed" ] || mv "$1/closed" "$1/url"
  idle=0
done
` + stopServers
