package pg

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// The address tells which pooler is in between, and where the server behind it is.
func TestPoolerIsRecognizedByItsAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host, user   string
		port         uint16
		name, direct string
	}{
		{"aws-0-eu-central-1.pooler.supabase.com", "postgres.abcdefgh", 6543, "Supabase's pooler", "db.abcdefgh.supabase.co:5432"},
		{"aws-0-eu-central-1.pooler.supabase.com", "postgres.abcdefgh", 5432, "Supabase's pooler", "db.abcdefgh.supabase.co:5432"},
		{"aws-0-eu-central-1.pooler.supabase.com", "postgres", 6543, "Supabase's pooler", ""},
		{"db.abcdefgh.supabase.co", "postgres", 6543, "Supabase's pooler", "db.abcdefgh.supabase.co:5432"},
		{"db.abcdefgh.supabase.co", "postgres", 5432, "", ""},
		{"EP-cool-darkness-123456-pooler.us-east-2.aws.neon.tech", "app", 5432, "Neon's pooler", "ep-cool-darkness-123456.us-east-2.aws.neon.tech:5432"},
		{"ep-cool-darkness-123456.us-east-2.aws.neon.tech", "app", 5432, "", ""},
		{"store.postgres.database.azure.com", "app", 6432, "Azure's PgBouncer", "store.postgres.database.azure.com:5432"},
		{"store.proxy-abcdefghijkl.eu-west-1.rds.amazonaws.com", "app", 5432, "RDS Proxy", ""},
		{"store.abcdefghijkl.eu-west-1.rds.amazonaws.com", "app", 5432, "", ""},
		{"10.0.0.7", "app", 6432, "PgBouncer", ""},
		{"my-pooler.example.com", "app", 5432, "", ""},
		{"/var/run/postgresql", "app", 5432, "", ""},
	} {
		if name, direct := poolerAt(&pgconn.Config{Host: c.host, Port: c.port, User: c.user}); name != c.name || direct != c.direct {
			t.Errorf("%s:%d as %s: %q, %q", c.host, c.port, c.user, name, direct)
		}
	}
}
