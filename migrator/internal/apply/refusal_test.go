package apply

import "testing"

// A refusal names the pooler, and where the server behind it is, as far as they are known.
func TestPoolerErrorNamesTheServer(t *testing.T) {
	t.Parallel()
	const begins = "revision b (add b) is non-transactional (`transaction: off`), and a connection pooler"
	const between = " is between this program and the server, so that two runners could run it at once; connect to PostgreSQL"
	for _, c := range []struct{ pooler, direct, want string }{
		{"", "", begins + between + " directly"},
		{"PgBouncer", "", begins + " (PgBouncer)" + between + " directly"},
		{"Neon's pooler", "ep-1.neon.tech:5432", begins + " (Neon's pooler)" + between + " at ep-1.neon.tech:5432 directly"},
	} {
		if got := (&PoolerError{"b", "add b", c.pooler, c.direct}).Error(); got != c.want {
			t.Errorf("have %s\nwant %s", got, c.want)
		}
	}
}
