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

// server is where everything runs.
type server struct {
	url       *url.URL // of a database that always exists
	made      int      // databases so far
	databases []string // those that are there
	stop      func()
}

// startServer starts a private server with PostgreSQL's own settings and its data in the
// cache folder, or takes the one that a URL names.
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
		return nil, fmt.Errorf("-database-url is written postgres://user:password@host:port/database")
	}
	return s, nil
}

// query runs statements in a session of its own and gives the last one's only value.
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

// create makes an empty database and gives its URL. It stays until clear.
func (s *server) create(ctx context.Context) (*url.URL, error) {
	s.made++
	name := fmt.Sprintf("bench_%d_%d", os.Getpid(), s.made)
	if _, err := s.query(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return nil, err
	}
	s.databases = append(s.databases, name)
	one := *s.url
	one.Path = "/" + name
	return &one, nil
}

// clear drops all databases. Not after each run: ext4 takes its time to make files in the
// seconds after many were deleted, which would be most of what the next run measures.
func (s *server) clear() {
	for _, name := range s.databases {
		_, _ = s.query(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	}
	s.databases = nil
}

// afterDeleting is how long ext4 keeps away from what was deleted, and some more.
const afterDeleting = 8 * time.Second

// settle writes out what earlier runs have left to be written, so that nobody pays for
// others. It takes a superuser; without one, times vary more.
func (s *server) settle(ctx context.Context) { _, _ = s.query(ctx, "CHECKPOINT") }

// through gives the URL for the same database by way of another address.
func through(u *url.URL, address net.Addr) *url.URL {
	other := *u
	other.Host = address.String()
	return &other
}
