package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// Large bodies are sent in several messages. Positions are right in each of them.
func TestLargeBodiesAreSplit(t *testing.T) {
	t.Parallel()
	var inserts strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&inserts, "INSERT INTO big VALUES (%d, 'é %s');\n", i, strings.Repeat("x", 40))
	}
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	p := projecttest.New(t).Add("a", "", "CREATE TABLE big (id int, t text);\n"+inserts.String(), "DROP TABLE big;")
	if _, err := p.Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, proxy.URL(url))); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || count(DISTINCT xmin::text) || ' ' || min(length(t)) FROM big"); got != "20000 1 42" {
		t.Errorf("rows, transactions, length: %s", got)
	}
	// One message per statement would be 20,000 round trips.
	if got := proxy.Stats().RoundTrips; got > 20 {
		t.Errorf("%d round trips", got)
	}
	for _, c := range []struct {
		name, up, want string
	}{
		{"syntax at the end", "SELECT 'é';\n" + inserts.String() + "SELECT 'é' FROM FROM x;\n", "b.up.sql:20007:17: upgrade b (add b): syntax error at or near \"FROM\" (42601)"},
		{"semantic error in the middle", inserts.String() + "SELECT 'é', nix;\n" + inserts.String(), `b.up.sql:20006:13: upgrade b (add b): column "nix" does not exist (42703)`},
		{"one large statement", "SELECT 'é" + strings.Repeat("y", 3<<20) + "', nix;", ""},
	} {
		_, err := p.Add("b", "a", c.up, "").Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, url))
		var e *migrator.RevisionError
		if !errors.As(err, &e) || c.want != "" && err.Error() != c.want || c.want == "" && (e.Line != 6 || e.Column != 13+3<<20) {
			t.Errorf("%s: %.300v", c.name, err)
			continue
		}
		if len(e.Excerpt()) > 1000 {
			t.Errorf("%s: the excerpt has %d bytes", c.name, len(e.Excerpt()))
		}
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM big"); got != "20000" {
		t.Errorf("%s rows", got)
	}
}
