package migrator_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// largestMessage is what a message may have in bytes: 1 MiB of statements, and what is between them.
const largestMessage = 1<<20 + 1<<16

// queries keeps the sizes of the queries that are sent, and cuts the connection before query number cut, once.
type queries struct {
	sync.Mutex
	sizes []int
	cut   int // 0: never
}

type queryConn struct {
	net.Conn
	*queries
}

func (c queryConn) Write(b []byte) (int, error) {
	if len(b) >= 5 && b[0] == 'Q' {
		c.Lock()
		c.sizes = append(c.sizes, int(binary.BigEndian.Uint32(b[1:])))
		cut := len(c.sizes) == c.cut
		c.Unlock()
		if cut {
			_ = c.Conn.Close()
			return 0, errors.New("cut")
		}
	}
	return c.Conn.Write(b)
}

func (q *queries) observe(cfg *pgconn.Config) {
	dial := cfg.DialFunc
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		return queryConn{conn, q}, err
	}
}

// large returns the sizes of the queries that are larger than 100 kB.
func (q *queries) large() []int {
	q.Lock()
	defer q.Unlock()
	var sizes []int
	for _, n := range q.sizes {
		if n > 100_000 {
			sizes = append(sizes, n)
		}
	}
	return sizes
}

// manyRevisions returns a chain with long messages, whose stamp takes several messages.
func manyRevisions(t *testing.T) (p *projecttest.Project, count int) {
	t.Helper()
	p, count = projecttest.New(t), 2000
	parent := ""
	for i := range count {
		id := fmt.Sprintf("r%04d", i)
		p.Add(id, parent, "SELECT 1;", "SELECT '"+strings.Repeat("x", 500)+"';")
		parent = id
	}
	return p, count
}

// Many revisions are stamped in one transaction, but not in one message.
func TestStampOfManyRevisionsIsSentInMessages(t *testing.T) {
	t.Parallel()
	p, count := manyRevisions(t)
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	var sent queries
	sent.observe(cfg)
	m := p.Migrator(migrator.Config{})
	if _, err := m.Stamp(t.Context(), cfg, "head"); err != nil {
		t.Fatal(err)
	}
	sizes := sent.large()
	if len(sizes) < 2 {
		t.Errorf("sizes of the messages: %d", sizes)
	}
	for _, size := range sizes {
		if size > largestMessage {
			t.Errorf("a message has %d bytes", size)
		}
	}
	if got, want := pgtest.Value(t, url, "SELECT count(*) || ' ' || count(DISTINCT xmin::text) FROM ambix_revision"), fmt.Sprintf("%d 1", count); got != want {
		t.Errorf("rows and transactions: %s, want %s", got, want)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM ambix_event WHERE action = 'stamp'"); got != fmt.Sprint(count) {
		t.Errorf("%s events", got)
	}
}

// A stamp that fails in a later message, or is cut off before it, has changed nothing; after a lost connection it is sent again.
func TestStampOfManyRevisionsIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	p, count := manyRevisions(t)
	m := p.Migrator(migrator.Config{})
	t.Run("failure", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		cfg := projecttest.Config(t, url)
		if _, err := m.EnsureLedger(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		pgtest.Exec(t, url, "ALTER TABLE ambix_revision ADD CHECK (revision <> 'r1900')")
		if _, err := m.Stamp(t.Context(), cfg, "head"); err == nil || !strings.Contains(err.Error(), "check constraint") {
			t.Errorf("%v", err)
		}
		if got := pgtest.Value(t, url, "SELECT (SELECT count(*) FROM ambix_revision) + (SELECT count(*) FROM ambix_event WHERE action = 'stamp')"); got != "0" {
			t.Errorf("%s rows and events are left", got)
		}
	})
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		url := pgtest.Database(t)
		cfg := projecttest.Config(t, url)
		var sent queries
		sent.observe(cfg)
		if _, err := m.Stamp(t.Context(), cfg, "base"); err != nil {
			t.Fatal(err)
		}
		sent.Lock()
		before := len(sent.sizes)
		sent.Unlock()
		if _, err := m.Stamp(t.Context(), cfg, "head"); err != nil {
			t.Fatal(err)
		}
		sent.Lock()
		messages := len(sent.sizes) - before
		sent.cut = len(sent.sizes) + messages // the last message of the next one, or one after it
		sent.Unlock()
		if _, err := m.Stamp(t.Context(), cfg, "base"); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Stamp(t.Context(), cfg, "head"); err != nil {
			t.Fatal(err)
		}
		if got := pgtest.Value(t, url, "SELECT (SELECT count(*) FROM ambix_revision) || ' ' || (SELECT count(*) FROM ambix_event WHERE action = 'stamp')"); got != fmt.Sprintf("%d %d", count, 3*count) {
			t.Errorf("rows and events: %s", got)
		}
	})
}
