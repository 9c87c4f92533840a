package migrator_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// age makes all events of a ledger a day older.
func age(t *testing.T, url string) {
	t.Helper()
	pgtest.Exec(t, url, "UPDATE ambix_event SET at = at - interval '1 day'")
}

func checkDrift(t *testing.T, m *migrator.Migrator, cfg *pgconn.Config, want migrator.SchemaState) *migrator.SchemaStatus {
	t.Helper()
	st, err := m.Drift(t.Context(), cfg)
	if err != nil || (st == nil) != (want == "") || st != nil && st.State != want {
		t.Fatalf("%+v %v, want %q", st, err, want)
	}
	return st
}

// Short runs record fingerprints by default where reading the schema is a small part of the time.
func TestShortRunsRecordFingerprintsNowAndThen(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	var warned []migrator.SchemaState
	m := projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintAuto, OnEvent: func(e migrator.Event) {
		if e, ok := e.(migrator.SchemaDrifted); ok {
			warned = append(warned, e.State)
		}
	}})
	up := func(target string) {
		t.Helper()
		if _, err := m.Up(t.Context(), cfg, target); err != nil {
			t.Fatal(err)
		}
	}
	up("a1") // a young ledger: it records none, unless the run takes so long that reading the schema is a tenth of it
	age(t, url)
	up("b2")
	checkDrift(t, m, cfg, migrator.SchemaUnchanged)
	up("c3") // just recorded: likewise
	age(t, url)
	if _, err := m.Down(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	checkDrift(t, m, cfg, migrator.SchemaUnchanged)
	// What somebody changed is not recorded as the work of the run.
	pgtest.Exec(t, url, "CREATE TABLE by_hand (a int)")
	age(t, url)
	up("c3")
	if st := checkDrift(t, m, cfg, migrator.SchemaChanged); !st.Earlier || len(warned) != 1 || warned[0] != migrator.SchemaChanged {
		t.Errorf("%+v %v", st, warned)
	}
	// A fleet of databases is not slowed down.
	age(t, url)
	f := fleet(t, m, []migrator.Target{{Name: "x", Config: cfg}}, migrator.FleetConfig{})
	if c := count(f.Move(t.Context(), migrator.Down, "-1")); c.done != 1 {
		t.Fatal(c.errs)
	}
	checkDrift(t, m, cfg, "")
}

// A run whose schema cannot be read in time neither fails nor records anything.
func TestDueFingerprintNeverFailsARun(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	m := projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintAuto})
	if _, err := m.Up(t.Context(), cfg, "a1"); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "CREATE TABLE locked (a int); CREATE VIEW v AS SELECT a FROM locked")
	age(t, url)
	if _, err := m.Up(t.Context(), cfg, "b2"); err != nil {
		t.Fatal(err)
	}
	checkDrift(t, m, cfg, migrator.SchemaUnchanged)
	age(t, url)
	release := projecttest.Hold(t, cfg, "BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
	if r, err := m.Up(t.Context(), cfg); err != nil || len(r.Steps) != 1 {
		t.Fatal(r, err)
	}
	release()
	checkDrift(t, m, cfg, "")
}

// A schema that would take long to read is not begun with. Dropped tables leave the catalog as large as it was.
func TestLargeCatalogIsNotReadByItself(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	pgtest.Exec(t, url, `DO $$ BEGIN FOR i IN 1..45 LOOP
EXECUTE format('CREATE TABLE wide%s (%s)', i, (SELECT string_agg('c' || n || ' int', ', ') FROM generate_series(1, 1500) n));
EXECUTE format('DROP TABLE wide%s', i);
END LOOP; END $$`)
	p := projecttest.Shop(t)
	auto, on := p.Migrator(migrator.Config{Fingerprint: migrator.FingerprintAuto}), p.Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn})
	if _, err := auto.Up(t.Context(), cfg, "a1"); err != nil {
		t.Fatal(err)
	}
	age(t, url)
	if _, err := auto.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	checkDrift(t, auto, cfg, "")
	// Not even for a decision of a person, which records otherwise what it finds.
	pgtest.Exec(t, url, "UPDATE ambix_revision SET state = 'applying', statements_done = 0 WHERE revision = 'b2'")
	if _, err := auto.Repair(t.Context(), cfg, "b2", migrator.DecideApplied); err != nil {
		t.Fatal(err)
	}
	checkDrift(t, auto, cfg, "")
	if _, err := on.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	checkDrift(t, on, cfg, migrator.SchemaUnchanged)
}

// A decision of a person about what is applied makes the schema the new baseline. A file that is accepted changes nothing
// in the schema, so that drift stays what it was.
func TestDecisionsKeepFingerprintsTrue(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := projecttest.Shop(t)
	on := p.Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn})
	if _, err := on.Up(t.Context(), cfg, "b2"); err != nil {
		t.Fatal(err)
	}
	before := checkDrift(t, on, cfg, migrator.SchemaUnchanged)
	modified := projecttest.Shop(t)
	modified.Add("b2", "a1", "CREATE TABLE product (id int PRIMARY KEY, name text, more text);", "DROP TABLE product;")
	m := modified.Migrator(migrator.Config{Fingerprint: migrator.FingerprintAuto})
	repair := func(want migrator.SchemaState) {
		t.Helper()
		pgtest.Exec(t, url, "UPDATE ambix_revision SET checksum = 'v1:0', digest = '0' WHERE revision = 'b2'")
		if _, err := m.Repair(t.Context(), cfg, "b2", migrator.AcceptFile); err != nil {
			t.Fatal(err)
		}
		if st := checkDrift(t, m, cfg, want); st.Run != before.Run || !st.At.Equal(before.At) {
			t.Errorf("%+v, before %+v", st, before)
		}
	}
	repair(migrator.SchemaUnchanged)
	pgtest.Exec(t, url, "CREATE TABLE by_hand (a int)")
	checkDrift(t, m, cfg, migrator.SchemaChanged)
	repair(migrator.SchemaChanged)
	// An unfinished revision that is said to be applied.
	pgtest.Exec(t, url, "UPDATE ambix_revision SET state = 'applying' WHERE revision = 'b2'")
	if _, err := m.Repair(t.Context(), cfg, "b2", migrator.DecideApplied); err != nil {
		t.Fatal(err)
	}
	if st := checkDrift(t, m, cfg, migrator.SchemaUnchanged); st.Run == before.Run {
		t.Errorf("%+v", st)
	}
	// A database that is taken over.
	other := pgtest.Database(t)
	cfg = projecttest.Config(t, other)
	pgtest.Exec(t, other, "CREATE TABLE account (id int PRIMARY KEY, name text)")
	if _, err := m.Adopt(t.Context(), cfg, migrator.Adopt{Baseline: []string{"a1"}, DryRun: true}); err != nil {
		t.Fatal(err)
	}
	checkDrift(t, m, cfg, "")
	if _, err := m.Adopt(t.Context(), cfg, migrator.Adopt{Baseline: []string{"a1"}}); err != nil {
		t.Fatal(err)
	}
	checkDrift(t, m, cfg, migrator.SchemaUnchanged)
	pgtest.Exec(t, other, "DROP TABLE account")
	checkDrift(t, m, cfg, migrator.SchemaChanged)
}

// The catalogs are read as a whole, which is not done for each of many schemas.
func TestFleetRecordsNoFingerprintOfASchema(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	targets := tenants(t, url, projecttest.Config(t, url), 2)
	f := fleet(t, projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn}), targets, migrator.FleetConfig{})
	if c := count(f.Up(t.Context())); c.done != 2 {
		t.Fatal(c.errs)
	}
	for o := range f.Status(t.Context()) {
		if o.Err != nil || o.Value.Schema != nil {
			t.Errorf("%+v %v", o.Value, o.Err)
		}
	}
	if n := pgtest.Value(t, url, "SELECT count(*) FROM t000.ambix_event WHERE action = 'fingerprint'"); n != "0" {
		t.Errorf("%s events", n)
	}
}
