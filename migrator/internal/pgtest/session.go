package pgtest

import (
	"context"
	"net/url"
	"regexp"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// sessions are the idle sessions that Exec and Query use again, by the URL of their database: starting and ending a server process
// costs more than most statements of a test. One is kept for each database that Database has created, and a few for the one
// from which they are created.
type sessions struct {
	mu   sync.Mutex
	idle map[string][]*pgconn.PgConn
	most map[string]int // how many are kept
}

var kept = sessions{idle: map[string][]*pgconn.PgConn{}, most: map[string]int{}}

// keep allows for a number of idle sessions of a database.
func (s *sessions) keep(databaseURL string, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most[databaseURL] = most
}

// needsNewSession finds what sessions that are there already would hinder, or would not notice, or what they tell others only
// when they end.
var needsNewSession = regexp.MustCompile(`(?i)\bALTER\s+(DATABASE|ROLE|USER|SYSTEM)\b|\bTEMPLATE\b|pg_reload_conf|pg_stat_user_tables`)

// run runs statements as one message, and resets the session.
func (s *sessions) run(ctx context.Context, databaseURL, sql string) ([][]string, error) {
	conn, err := s.session(ctx, databaseURL)
	if err != nil {
		return nil, err
	}
	defer s.release(ctx, databaseURL, conn)
	return lastRows(conn.Exec(ctx, sql).ReadAll())
}

// session returns an idle session that still runs, or a new one.
func (s *sessions) session(ctx context.Context, databaseURL string) (*pgconn.PgConn, error) {
	for {
		conn := s.take(databaseURL)
		if conn == nil {
			return pgconn.Connect(ctx, databaseURL)
		}
		if conn.Ping(ctx) == nil { // the server may have ended it
			return conn, nil
		}
		_ = conn.Close(ctx)
	}
}

func (s *sessions) take(databaseURL string) *pgconn.PgConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	idle := s.idle[databaseURL]
	if len(idle) == 0 {
		return nil
	}
	conn := idle[len(idle)-1]
	s.idle[databaseURL] = idle[:len(idle)-1]
	return conn
}

// release keeps a session as if it were new, or ends it.
func (s *sessions) release(ctx context.Context, databaseURL string, conn *pgconn.PgConn) {
	s.mu.Lock()
	full := len(s.idle[databaseURL]) >= s.most[databaseURL]
	s.mu.Unlock()
	if !full && !conn.IsClosed() && conn.TxStatus() == 'I' {
		if _, err := conn.Exec(ctx, "DISCARD ALL").ReadAll(); err == nil && s.add(databaseURL, conn) {
			return
		}
	}
	_ = conn.Close(ctx)
}

func (s *sessions) add(databaseURL string, conn *pgconn.PgConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle[databaseURL]) >= s.most[databaseURL] {
		return false
	}
	s.idle[databaseURL] = append(s.idle[databaseURL], conn)
	return true
}

// forget ends the idle sessions of a database, and keeps no more of them.
func (s *sessions) forget(ctx context.Context, databaseURL string) {
	s.mu.Lock()
	delete(s.most, databaseURL)
	s.mu.Unlock()
	s.end(ctx, func(u string) bool { return u == databaseURL })
}

// endAll ends the idle sessions of the server of a URL.
func (s *sessions) endAll(ctx context.Context, databaseURL string) {
	server := hostOf(databaseURL)
	s.end(ctx, func(u string) bool { return hostOf(u) == server })
}

func (s *sessions) end(ctx context.Context, which func(databaseURL string) bool) {
	s.mu.Lock()
	var ended []*pgconn.PgConn
	for u, idle := range s.idle {
		if which(u) {
			ended = append(ended, idle...)
			delete(s.idle, u)
		}
	}
	s.mu.Unlock()
	for _, conn := range ended {
		_ = conn.Close(ctx)
	}
}

func hostOf(databaseURL string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return databaseURL
	}
	return u.Host
}
