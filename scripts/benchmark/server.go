package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// server is the server that all tools use.
type server struct {
	url     *url.URL // a database that always exists
	created int      // number of databases created so far
	// flushDelay is how long sessions in new databases wait before they flush the log.
	flushDelay time.Duration
	databases  []string // those that exist
	stop       func()
}

// startServer starts a private server with PostgreSQL's default settings and its data in the
// cache folder, unless databaseURL names one.
func (b *bench) startServer(ctx context.Context, databaseURL string) (*server, error) {
	s := &server{stop: func() {}}
	if databaseURL == "" {
		pg := func(ctx context.Context, action string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, filepath.Join(b.checkout, "scripts", "pg"), action)
			cmd.Env = append(os.Environ(), "AMBIX_STATE="+filepath.Join(b.cache, "server"))
			cmd.Stderr = b.log
			return cmd
		}
		text, err := pg(ctx, "start").Output()
		if err != nil {
			return nil, fmt.Errorf("scripts/pg start: %w", err)
		}
		databaseURL = strings.TrimSpace(string(text))
		s.stop = func() { _ = pg(context.Background(), "stop").Run() }
	}
	var err error
	if s.url, err = url.Parse(databaseURL); err != nil || s.url.Host == "" {
		return nil, fmt.Errorf("-database-url must be of the form postgres://user:password@host:port/database")
	}
	return s, nil
}

// query runs statements in a new session and returns the last one's only value, or "".
func query(ctx context.Context, url, sql string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return "", err
	}
	if last := results[len(results)-1]; len(last.Rows) == 1 {
		return string(last.Rows[0][0]), nil
	}
	return "", nil
}

func (s *server) query(ctx context.Context, sql string) (string, error) {
	return query(ctx, s.url.String(), sql)
}

// create creates an empty database and returns its URL. It exists until clear.
func (s *server) create(ctx context.Context) (*url.URL, error) {
	s.created++
	name := fmt.Sprintf("bench_%d_%d", os.Getpid(), s.created)
	if _, err := s.query(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return nil, err
	}
	s.databases = append(s.databases, name)
	if s.flushDelay > 0 {
		for _, setting := range []string{fmt.Sprintf("commit_delay = %d", s.flushDelay.Microseconds()), "commit_siblings = 0"} {
			if _, err := s.query(ctx, "ALTER DATABASE "+name+" SET "+setting); err != nil {
				return nil, err
			}
		}
	}
	one := *s.url
	one.Path = "/" + name
	return &one, nil
}

// clear drops all databases. It is not called after each run, because ext4 is slow at
// creating files for seconds after many were deleted, which would dominate the next run.
func (s *server) clear() {
	for _, name := range s.databases {
		_, _ = s.query(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
	s.databases = nil
}

// afterDeleting is the pause after clear, longer than ext4 stays slow.
const afterDeleting = 8 * time.Second

// checkpoint writes out the changes of earlier runs, so that they do not slow down the next.
// It needs a superuser; without one, times vary more.
func (s *server) checkpoint(ctx context.Context) { _, _ = s.query(ctx, "CHECKPOINT") }

// withAddress returns the URL with another host and port.
func withAddress(u *url.URL, address net.Addr) *url.URL {
	other := *u
	other.Host = address.String()
	return &other
}
