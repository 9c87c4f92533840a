package projecttest

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/sqltest"
	"example.com/ambix/migrator/internal/sqltext"
)

// Everything that migrators send over connections of Config is recorded, so that Main can
// check that our statements qualify all names.
var recorded = struct {
	sync.Mutex
	messages, bodies map[string]bool
}{messages: map[string]bool{}, bodies: map[string]bool{}}

const maxRecorded = 64 << 10 // bytes of a message

// Main runs the tests of a package. It fails if a migrator has sent a statement of ours with
// an unqualified name.
func Main(m *testing.M) {
	code := m.Run()
	for _, problem := range unqualifiedSent() {
		fmt.Fprintln(os.Stderr, problem)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Register exempts the statements of a migrator's revisions from the check. Project.Migrator
// does that.
func Register(m *migrator.Migrator) {
	for _, r := range m.Files().Revisions() {
		up := r.Up
		if loaded, err := up.Loaded(); err == nil {
			up = loaded
		}
		RegisterSQL(up.Text)
		if down := r.DownScript(); down != nil {
			RegisterSQL(down.Text)
			RegisterSQL(down.SQL()) // as the ledger has it
		}
	}
}

// RegisterSQL exempts statements from the check.
func RegisterSQL(text string) {
	statements, _ := sqltext.Split(text)
	recorded.Lock()
	defer recorded.Unlock()
	for _, st := range statements {
		if st.End-st.Start <= maxRecorded {
			recorded.bodies[text[st.Start:st.End]] = true
		}
	}
}

// fromStdin ends a COPY statement, whose rows are not part of the message.
var fromStdin = regexp.MustCompile(`(?i)\bFROM\s+stdin\b`)

// explained begins an EXPLAIN of a statement of a body.
var explained = regexp.MustCompile(`^EXPLAIN \([^)]*\) `)

func unqualifiedSent() []string {
	recorded.Lock()
	defer recorded.Unlock()
	problems := map[string]bool{}
	for message := range recorded.messages {
		if strings.HasPrefix(message, "SET LOCAL search_path = pg_catalog, pg_temp;") {
			continue // for the whole message, which is one transaction
		}
		message = fromStdin.ReplaceAllString(message, "FROM 'stdin'")
		statements, _ := sqltext.Split(message)
		for _, st := range statements {
			text := explained.ReplaceAllString(message[st.Start:st.End], "")
			if recorded.bodies[text] || strings.HasPrefix(st.Keywords, "COPY") {
				continue
			}
			for _, p := range sqltest.Unqualified(text) {
				problems[p] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(problems))
}

// recordQueries makes connections with a configuration record the queries.
func recordQueries(cfg *pgconn.Config) {
	dial := cfg.DialFunc
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &recordingConn{Conn: conn}, nil
	}
}

// recordingConn records the Query messages of the frontend.
type recordingConn struct {
	net.Conn
	started   bool   // the startup message, which has no type, was sent
	header    []byte // of a message that is incomplete
	remaining int    // bytes of the current message
	query     []byte // nil unless the current message is recorded
}

func (c *recordingConn) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		if c.remaining == 0 {
			rest = c.readHeader(rest)
			continue
		}
		n := min(c.remaining, len(rest))
		if c.query != nil {
			c.query = append(c.query, rest[:n]...)
		}
		c.remaining -= n
		rest = rest[n:]
		if c.remaining == 0 && len(c.query) > 0 {
			recorded.Lock()
			recorded.messages[strings.TrimSuffix(string(c.query), "\x00")] = true
			recorded.Unlock()
			c.query = nil
		}
	}
	return c.Conn.Write(b)
}

func (c *recordingConn) readHeader(b []byte) (rest []byte) {
	size := 4
	if c.started {
		size = 5
	}
	n := min(size-len(c.header), len(b))
	c.header = append(c.header, b[:n]...)
	if len(c.header) < size {
		return nil
	}
	c.remaining = int(binary.BigEndian.Uint32(c.header[size-4:])) - 4
	if c.started && c.header[0] == 'Q' && c.remaining <= maxRecorded {
		c.query = []byte{}
	}
	c.started, c.header = true, c.header[:0]
	return b[n:]
}
