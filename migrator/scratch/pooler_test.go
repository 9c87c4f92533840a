package scratch

import (
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
)

// A pooler in between is refused in every mode, before anything is made: it may connect each session of a scratch database
// to another server, and keeps connections to databases that are gone.
func TestPoolersAreRefused(t *testing.T) {
	t.Parallel()
	server, url := pgtest.Shared(t), pgtest.Database(t)
	const all = "SELECT count(*) FROM pg_database WHERE datname LIKE 'ambix\\_scratch\\_%' AND shobj_description(oid, 'pg_database') LIKE '% pooled-1/1, %'"
	for _, mode := range []string{"session", "transaction", "statement"} {
		pooler := config(t, server.PgBouncer(t, map[string]string{"pool_mode": mode}).Through(url))
		for name, o := range map[string]Options{"named": {Server: pooler}, "configured": {Like: pooler}} {
			o.Process = "pooled-1/1"
			s, err := Open(t.Context(), o)
			if err == nil {
				s.Close()
				t.Fatalf("%s pooling, %s: not refused", mode, name)
			}
			if e := problem(t, err); e.Problem != Pooler || e.Host == "" {
				t.Errorf("%s pooling, %s: %v", mode, name, err)
			}
		}
	}
	if n := pgtest.Value(t, url, all); n != "0" {
		t.Errorf("%s databases were made", n)
	}
}
