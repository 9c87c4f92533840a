//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Instance is a server started from binaries. Its folder contains data/ and log.
type Instance struct {
	Home     *Home
	Binaries Binaries
	Dir      string
	Port     int
}

// StartLocal starts a server that ends with this process.
func StartLocal(o Options) (*Instance, error) {
	b, err := Find(o.Version)
	if err != nil {
		return nil, err
	}
	h, err := OpenHome()
	if err != nil {
		return nil, err
	}
	return h.start(b, o)
}

func (h *Home) start(b Binaries, o Options) (*Instance, error) {
	i, err := h.newInstance(b, o)
	if err != nil {
		return nil, err
	}
	if err := i.StartOnFreePort(); err != nil {
		_ = os.RemoveAll(i.Dir)
		return nil, err
	}
	return i, nil
}

// Data is the data directory.
func (i *Instance) Data() string { return filepath.Join(i.Dir, "data") }

// Log is the file of the server's log.
func (i *Instance) Log() string { return filepath.Join(i.Dir, "log") }

// URL returns the URL of the database postgres, as the superuser.
func (i *Instance) URL() *url.URL {
	return &url.URL{
		Scheme: "postgres", User: url.UserPassword(Superuser, i.Home.Password), Path: "/postgres", RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(i.Port)),
	}
}

const baseSettings = `
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
max_prepared_transactions = 100
shared_buffers = 32MB
fsync = off
full_page_writes = off
jit = off
dynamic_shared_memory_type = mmap
log_line_prefix = '%m [%p] %q%u@%d %a: '
`

func (h *Home) newInstance(b Binaries, o Options) (*Instance, error) {
	template, err := h.template(b)
	if err != nil {
		return nil, err
	}
	dir, err := h.NewDir("pg" + strconv.Itoa(b.Major))
	if err != nil {
		return nil, err
	}
	i := &Instance{Home: h, Binaries: b, Dir: dir}
	if err := i.fill(template, o); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return i, nil
}

func (i *Instance) fill(template string, o Options) error {
	if err := i.Home.Run("cp", "-R", template, i.Data()); err != nil {
		return err
	}
	var settings strings.Builder
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		fmt.Fprintf(&settings, "%s = '%s'\n", name, strings.ReplaceAll(o.Settings[name], "'", "''"))
	}
	if err := AppendTo(filepath.Join(i.Data(), "postgresql.conf"), settings.String()); err != nil {
		return err
	}
	for name, content := range o.Files {
		if err := i.Home.Write(filepath.Join(i.Data(), name), content); err != nil {
			return err
		}
	}
	return nil
}

// template returns a data directory to copy: copying takes 30 ms, initdb most of a second.
func (h *Home) template(b Binaries) (string, error) {
	h.mu.Lock()
	create, ok := h.templates[b.Dir]
	if !ok {
		create = sync.OnceValues(func() (string, error) { return h.initdb(b) })
		h.templates[b.Dir] = create
	}
	h.mu.Unlock()
	return create()
}

func (h *Home) initdb(b Binaries) (string, error) {
	dir, err := h.NewDir("initdb" + strconv.Itoa(b.Major))
	if err != nil {
		return "", err
	}
	secret, template := filepath.Join(dir, "password"), filepath.Join(dir, "template")
	if err := h.Write(secret, h.Password+"\n"); err != nil {
		return "", err
	}
	options := []string{"-D", template, "-U", Superuser, "--pwfile", secret, "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync"}
	if b.Major >= 18 {
		options = append(options, "--no-data-checksums") // as before; a test writes many pages
	}
	err = h.Run(filepath.Join(b.Dir, "initdb"), options...)
	if err != nil {
		return "", err
	}
	// Not with --pwfile: the verifier is longer than the 99 bytes that version 13 takes.
	cmd := h.command(filepath.Join(b.Dir, "postgres"), "--single", "-D", template, "postgres")
	cmd.Stdin = strings.NewReader("ALTER ROLE " + Superuser + " PASSWORD '" + Verifier(h.Password) + "'\n")
	if err := finish(cmd); err != nil {
		return "", err
	}
	return template, AppendTo(filepath.Join(template, "postgresql.conf"), baseSettings)
}

// StartOnFreePort starts the server. It tries other ports if another process takes one first.
func (i *Instance) StartOnFreePort() error {
	var err error
	for range 5 {
		if i.Port, err = FreePort(); err != nil {
			return err
		}
		if err = i.Start(); err == nil || !strings.Contains(err.Error(), "Address already in use") {
			return err
		}
	}
	return err
}

// Start starts the server on its port, and returns when it accepts connections.
func (i *Instance) Start() error {
	err := i.PgCtl("start", "-w", "-t", "60", "-l", i.Log(), "-o", "-p "+strconv.Itoa(i.Port))
	if err != nil {
		return fmt.Errorf("%w\n%s", err, i.LogTail())
	}
	return nil
}

// Stop stops the server.
func (i *Instance) Stop(mode StopMode) error {
	return i.PgCtl("stop", "-w", "-t", "60", "-m", string(mode))
}

// PgCtl runs pg_ctl on the data directory.
func (i *Instance) PgCtl(args ...string) error {
	return i.Home.Run(filepath.Join(i.Binaries.Dir, "pg_ctl"), append(args, "-D", i.Data())...)
}

// LogTail returns the last lines of the log.
func (i *Instance) LogTail() string {
	log, err := os.ReadFile(i.Log())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(log), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}
