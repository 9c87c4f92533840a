package scratch

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pg"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/sqltest"
	"example.com/ambix/migrator/schema"
)

func config(t *testing.T, databaseURL string) *pgconn.Config {
	t.Helper()
	cfg, err := pgconn.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func open(t *testing.T, o Options) *Server {
	t.Helper()
	o.Program, o.Process = "test", "web-1/123"
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// fillWith returns a function that runs SQL in a scratch database, and stores its URL in made.
func fillWith(t *testing.T, sql string, made *string) func(context.Context, *pgconn.Config) error {
	return func(ctx context.Context, cfg *pgconn.Config) error {
		if made != nil {
			*made = cfg.Database
		}
		conn, err := pg.Connect(ctx, cfg, pg.Options{})
		if err != nil {
			return err
		}
		defer conn.Close()
		return conn.Exec(ctx, sql)
	}
}

func checkGone(t *testing.T, name string) {
	t.Helper()
	if name == "" {
		t.Fatal("no database was made")
	}
	if n := pgtest.Value(t, pgtest.Shared(t).URL("postgres"), "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'"); n != "0" {
		t.Errorf("database %s was left behind", name)
	}
}

func problem(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("not an *Error: %v", err)
	}
	return e
}

func TestMakesReadsAndDropsADatabase(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	like := server.Database(t, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'")
	s := open(t, Options{Like: config(t, like)})
	var name, comment, encoding string
	made, err := s.Make(t.Context(), func(ctx context.Context, cfg *pgconn.Config) error {
		name = cfg.Database
		comment = pgtest.Value(t, like, "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '"+name+"'")
		encoding = pgtest.Value(t, like, "SELECT pg_encoding_to_char(encoding) || ' ' || datcollate FROM pg_database WHERE datname = '"+name+"'")
		return fillWith(t, "CREATE TABLE t (a int)", nil)(ctx, cfg)
	})
	if err != nil {
		t.Fatal(err)
	}
	if made.Object(schema.Key{Kind: schema.Table, Name: "public.t"}) == nil {
		t.Errorf("%v", made.Objects)
	}
	checkGone(t, name)
	if !strings.HasPrefix(name, "ambix_scratch_") || encoding != "LATIN1 C" {
		t.Errorf("database %s is %s", name, encoding)
	}
	before, at, _ := strings.Cut(comment, ", created ")
	if _, err := time.Parse(time.RFC3339, at); err != nil || before != "ambix scratch database of test on web-1/123" {
		t.Errorf("comment %q", comment)
	}
}

func TestFailedAndCanceledDatabasesAreDropped(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Like: config(t, pgtest.Database(t))})
	var name string
	if _, err := s.Make(t.Context(), fillWith(t, "CREATE TABLE t (a nonsense)", &name)); pg.ServerError(err) == nil {
		t.Error(err)
	}
	checkGone(t, name)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := s.Make(ctx, func(ctx context.Context, cfg *pgconn.Config) error {
		cancel()
		return fillWith(t, "SELECT pg_sleep(60)", &name)(ctx, cfg)
	})
	if !errors.Is(err, context.Canceled) && !pg.Canceled(ctx, err) {
		t.Log(err) // of connecting
	}
	checkGone(t, name)
	if _, err := s.Make(ctx, fillWith(t, "SELECT", &name)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestLeftoversAreDroppedAfterADay(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	admin := server.URL("postgres")
	create := func(comment string) string {
		name := namePrefix + "t" + randomHex()
		pgtest.Exec(t, admin, "CREATE DATABASE "+name)
		pgtest.Exec(t, admin, "COMMENT ON DATABASE "+name+" IS '"+comment+"'")
		t.Cleanup(func() { pgtest.Exec(t, admin, "DROP DATABASE IF EXISTS "+name) })
		return name
	}
	old := time.Now().Add(-25 * time.Hour).UTC().Format(time.RFC3339)
	young := time.Now().Add(-23 * time.Hour).UTC().Format(time.RFC3339)
	left := create("ambix scratch database of app, created yesterday, created 2001-01-01T00:00:00Z, created " + old)
	kept := []string{create("ambix scratch database of app on web-1/7, created " + young), create("mine, created " + old), create("ambix scratch database of app")}
	open(t, Options{Like: config(t, server.Database(t))})
	checkGone(t, left)
	for _, name := range kept {
		if pgtest.Value(t, admin, "SELECT count(*) FROM pg_database WHERE datname = '"+name+"'") != "1" {
			t.Errorf("%s was dropped", name)
		}
	}
}

func TestOtherMachinesMustBeNamed(t *testing.T) {
	t.Parallel()
	for host, local := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "::1": true, "/run/postgresql": true, "db.example.com": false, "10.0.0.1": false, "localhost.example.com": false,
	} {
		if got := isLocal(&pgconn.Config{Host: host}); got != local {
			t.Errorf("%s: %v", host, got)
		}
	}
	cfg := &pgconn.Config{Host: "127.0.0.1", Fallbacks: []*pgconn.FallbackConfig{{Host: "db.example.com"}}}
	_, err := Open(t.Context(), Options{Like: cfg})
	if e := problem(t, err); e.Problem != NotNamed {
		t.Error(err)
	}
	if _, err = Open(t.Context(), Options{}); problem(t, err).Problem != NotNamed {
		t.Error(err)
	}
}

func TestRoleWithoutCreateDBNeedsAnEmptyDatabase(t *testing.T) {
	t.Parallel()
	likeURL := pgtest.Database(t)
	roleURL := pgtest.Role(t, likeURL)
	_, err := Open(t.Context(), Options{Like: config(t, roleURL)})
	if e := problem(t, err); e.Problem != NoCreateDB || !strings.Contains(err.Error(), "may not create scratch databases") {
		t.Error(err)
	}
	_, err = Open(t.Context(), Options{Server: config(t, roleURL), Like: config(t, likeURL)})
	if e := problem(t, err); e.Problem != Configured {
		t.Error(err)
	}
	namedURL := inDatabase(t, roleURL, pgtest.Database(t))
	pgtest.Exec(t, inDatabase(t, likeURL, namedURL), "GRANT CREATE ON SCHEMA public TO PUBLIC")
	s := open(t, Options{Server: config(t, namedURL), Like: config(t, likeURL)})
	_, err = Open(t.Context(), Options{Server: config(t, namedURL)})
	if e := problem(t, err); e.Problem != InUse {
		t.Error(err)
	}
	for range 2 {
		made, err := s.Make(t.Context(), fillWith(t, "CREATE TABLE t (id serial PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t", nil))
		if err != nil {
			t.Fatal(err)
		}
		if made.Object(schema.Key{Kind: schema.View, Name: "public.v"}) == nil {
			t.Error("nothing was made")
		}
	}
	if _, err := s.Make(t.Context(), fillWith(t, "CREATE TABLE u (a int); COMMIT; SELECT nonsense", nil)); pg.ServerError(err) == nil {
		t.Error(err)
	}
	if rows := pgtest.Query(t, namedURL, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"); len(rows) != 0 {
		t.Errorf("left: %v", rows)
	}
}

func TestNamedDatabaseMustBeEmptyAndOnlyOurObjectsAreDropped(t *testing.T) {
	t.Parallel()
	likeURL := pgtest.Database(t)
	namedURL := inDatabase(t, pgtest.Role(t, likeURL), pgtest.Database(t))
	adminURL := inDatabase(t, likeURL, namedURL)
	pgtest.Exec(t, adminURL, "GRANT CREATE ON SCHEMA public TO PUBLIC; CREATE TABLE precious (a int)")
	_, err := Open(t.Context(), Options{Server: config(t, namedURL)})
	if e := problem(t, err); e.Problem != NotEmpty || !slices.Contains(e.Objects, "TABLE public.precious") {
		t.Error(err)
	}
	pgtest.Exec(t, adminURL, "DROP TABLE precious")
	s := open(t, Options{Server: config(t, namedURL)})
	made, err := s.Make(t.Context(), fillWith(t, "CREATE TABLE t (a int)", nil))
	if err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, adminURL, "CREATE TABLE precious (a int)") // by somebody else, meanwhile
	if e := problem(t, s.empty(t.Context(), made)); e.Problem != NotDropped || !slices.Contains(e.Objects, "TABLE public.precious") {
		t.Error(e)
	}
}

func TestUnknownLocaleIsNamed(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Like: config(t, pgtest.Database(t))})
	s.locale = locale{encoding: "UTF8", collate: "xx_YY.UTF-8", ctype: "xx_YY.UTF-8", provider: "c"}
	s.create = s.locale.clauses()
	_, err := s.Make(t.Context(), fillWith(t, "SELECT", nil))
	if e := problem(t, err); e.Problem != NoLocale || !strings.Contains(err.Error(), "xx_YY.UTF-8") {
		t.Error(err)
	}
}

func TestDatabaseBelongsToTheOwner(t *testing.T) {
	t.Parallel()
	likeURL := pgtest.Database(t)
	role := config(t, pgtest.Role(t, likeURL)).User
	s := open(t, Options{Like: config(t, likeURL), Owner: role})
	var owner string
	if _, err := s.Make(t.Context(), func(_ context.Context, cfg *pgconn.Config) error {
		owner = pgtest.Value(t, likeURL, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '"+cfg.Database+"'")
		return nil
	}); err != nil || owner != role {
		t.Errorf("owner %s: %v", owner, err)
	}
}

func TestUnreachableServerIsNamed(t *testing.T) {
	t.Parallel()
	cfg := config(t, pgtest.Database(t))
	cfg.Database = "no_such_database"
	_, err := Open(t.Context(), Options{Server: cfg})
	if e := problem(t, err); e.Problem != Unusable || !strings.Contains(err.Error(), "scratch server: ") || !strings.Contains(err.Error(), "no_such_database") {
		t.Error(err)
	}
}

func TestStatementsQualifyAllNames(t *testing.T) {
	t.Parallel()
	statements := []string{facts, leftovers}
	for _, version := range []int{130000, 150000, 160000, 170000} {
		statements = append(statements, localeQuery(version))
	}
	for _, sql := range statements {
		for _, found := range sqltest.Unqualified(sql) {
			t.Errorf("%s\n%s", found, sql)
		}
	}
}

// inDatabase returns a URL with the database of another.
func inDatabase(t *testing.T, of, other string) string {
	t.Helper()
	u, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	o, err := url.Parse(other)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = o.Path
	return u.String()
}

// The server goes away while a database is filled: what was left behind is named.
func TestLostServerNamesTheDatabaseThatIsLeft(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	proxy := pgtest.NewProxy(t, url)
	s := open(t, Options{Server: config(t, proxy.URL(url))})
	var name string
	_, err := s.Make(t.Context(), func(_ context.Context, cfg *pgconn.Config) error {
		name = cfg.Database
		proxy.Inject(pgtest.Fault{Times: -1})
		proxy.All(pgtest.Reset)
		return nil
	})
	if e, ok := errors.AsType[*LeftError](err); !ok || e.Left.Problem != NotDropped || e.Left.Database != name {
		t.Error(err)
	}
	s.Close()
	pgtest.Exec(t, url, "DROP DATABASE "+name)
}

func TestDatabaseIsReadBetweenChangesAndDropped(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	s := open(t, Options{Like: config(t, server.Database(t))})
	var name string
	tables := func(ctx context.Context, d *Database, sql string) int {
		t.Helper()
		if err := fillWith(t, sql, &name)(ctx, d.Config); err != nil {
			t.Fatal(err)
		}
		found, err := d.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return len(found.Objects)
	}
	var counts []int
	failed := errors.New("the end")
	err := s.With(t.Context(), func(ctx context.Context, d *Database) error {
		counts = append(counts, tables(ctx, d, "CREATE TABLE t ()"), tables(ctx, d, "CREATE TABLE u ()"), tables(ctx, d, "DROP TABLE t, u"))
		return failed
	})
	if !errors.Is(err, failed) || !slices.Equal(counts, []int{1, 2, 0}) {
		t.Errorf("%v, %v", counts, err)
	}
	checkGone(t, name)
}
