package migrator_test

import (
	"errors"
	"strings"
	"testing"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

const fingerprints = "SELECT count(*) FROM ambix_event WHERE action = 'fingerprint'"

// What somebody else makes all the time is not drift, if the run that recorded the fingerprint was told.
func TestFingerprintLeavesOutWhatIsIgnored(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := projecttest.New(t).Add("a1", "", "CREATE TABLE event (id int, d date) PARTITION BY RANGE (d); CREATE INDEX ON event (id);", "DROP TABLE event;")
	m := p.Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn, FingerprintIgnore: []string{"public.event_p*", `public."a, b"`}})
	reader := p.Migrator(migrator.Config{})
	check := func(want migrator.SchemaState) {
		t.Helper()
		st, err := reader.Status(t.Context(), cfg)
		if err != nil || st.Schema == nil || st.Schema.State != want || strings.Join(st.Schema.Ignore, "|") != `public.event_p*|public."a, b"` {
			t.Fatalf("%+v, %v, want %s", st.Schema, err, want)
		}
	}
	if _, err := m.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	check(migrator.SchemaUnchanged)
	pgtest.Exec(t, url, "CREATE TABLE event_p1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-01-02')")
	pgtest.Exec(t, url, `CREATE TABLE "a, b" (); GRANT SELECT ON event_p1 TO PUBLIC`)
	check(migrator.SchemaUnchanged)
	pgtest.Exec(t, url, "CREATE TABLE other (id int)")
	check(migrator.SchemaChanged)
	// The next run goes on, and does not take it for its own work.
	more := p.Add("b2", "a1", "CREATE TABLE b2 (id int);", "DROP TABLE b2;").Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn})
	if _, err := more.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	check(migrator.SchemaChanged)
	// What is recorded without patterns is compared without them.
	if _, err := more.Stamp(t.Context(), cfg, "head"); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "DROP TABLE event_p1")
	if st, err := reader.Status(t.Context(), cfg); err != nil || st.Schema == nil || st.Schema.State != migrator.SchemaChanged || st.Schema.Ignore != nil {
		t.Errorf("%+v, %v", st.Schema, err)
	}
	_, err := migrator.New(p.Files, migrator.Config{FingerprintIgnore: []string{"["}})
	if e, ok := errors.AsType[*migrator.ConfigError](err); !ok || e.Setting != "fingerprint-ignore" {
		t.Error(err)
	}
}

func TestStatusSeesWhatChangedAfterTheRun(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	p := projecttest.Shop(t).Add("d4", "c3", "CREATE INDEX CONCURRENTLY account_name ON account (name);", "DROP INDEX account_name;", projecttest.NonTransactional)
	m := p.Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn})
	check := func(want migrator.SchemaState) *migrator.SchemaStatus {
		t.Helper()
		st, err := m.Status(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := st.Schema; got == nil && want != "" || got != nil && got.State != want {
			t.Fatalf("%+v, want %s", got, want)
		}
		return st.Schema
	}
	if _, err := m.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	first := check(migrator.SchemaUnchanged)
	if !strings.HasPrefix(first.Fingerprint, "s1:") || first.By != cfg.User || first.From == "" || first.At.IsZero() || first.Run == "" {
		t.Errorf("%+v", first)
	}
	if findings, err := m.Check(t.Context(), cfg); err != nil || len(findings) != 0 {
		t.Error(findings, err)
	}
	for _, change := range []struct {
		sql, undo string
		want      migrator.SchemaState
	}{
		{"DROP INDEX account_name", "CREATE INDEX account_name ON account (name)", migrator.SchemaChanged},
		{"COMMENT ON TABLE account IS 'text'", "COMMENT ON TABLE account IS NULL", migrator.SchemaChanged},
		{"GRANT SELECT ON account TO PUBLIC", "REVOKE SELECT ON account FROM PUBLIC", migrator.SchemaAccessChanged},
	} {
		pgtest.Exec(t, url, change.sql)
		check(change.want)
		findings, err := m.Check(t.Context(), cfg)
		if err != nil || len(findings) != 1 || findings[0].Kind != migrator.FindingDrift || findings[0].Schema.State != change.want {
			t.Error(findings, err)
		}
		pgtest.Exec(t, url, change.undo)
		check(migrator.SchemaUnchanged)
	}
	if st, err := m.LedgerStatus(t.Context(), cfg); err != nil || st.Schema != nil || len(st.Current) != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	// Every run that changes something leaves another one.
	if _, err := m.Down(t.Context(), cfg, "-2"); err != nil {
		t.Fatal(err)
	}
	if second := check(migrator.SchemaUnchanged); second.Fingerprint == first.Fingerprint || second.Run == first.Run {
		t.Errorf("%+v", second)
	}
	if _, err := m.Stamp(t.Context(), cfg, "c3"); err != nil {
		t.Fatal(err)
	}
	check(migrator.SchemaUnchanged)
	if got := pgtest.Value(t, url, fingerprints); got != "3" {
		t.Errorf("%s events", got)
	}
	if _, err := m.Up(t.Context(), cfg, "c3"); err != nil { // nothing to do
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, fingerprints); got != "3" {
		t.Errorf("%s events after a run with nothing to do", got)
	}
}

func TestFingerprintOfAnotherGenerationIsNotCompared(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	on := projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn})
	off := projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintOff})
	if _, err := on.Up(t.Context(), cfg, "a1"); err != nil {
		t.Fatal(err)
	}
	if _, err := off.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if st, err := on.Drift(t.Context(), cfg); err != nil || st != nil {
		t.Errorf("%+v %v", st, err)
	}
	// A fingerprint of another text class, and one that a newer program wrote.
	for detail, want := range map[string]migrator.SchemaState{"s1:99:00 s1p:99:00 generation 3": migrator.SchemaNotCompared, "s2:99:00 generation 3": "", "s9 x generation 3": ""} {
		pgtest.Exec(t, url, "INSERT INTO ambix_event (at, action, applied_by, applied_from, binary_version, run, detail) VALUES (now(), 'fingerprint', 'x', 'y', 'z', 'r', '"+detail+"')")
		st, err := on.Drift(t.Context(), cfg)
		if err != nil || (st == nil) != (want == "") || st != nil && st.State != want {
			t.Errorf("%s: %+v %v", detail, st, err)
		}
	}
}

func TestFingerprintNeverFailsARun(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	pgtest.Exec(t, url, "CREATE TABLE locked (a int); CREATE VIEW v AS SELECT a FROM locked")
	m := projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn})
	release := projecttest.Hold(t, cfg, "BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
	if r, err := m.Up(t.Context(), cfg); err != nil || len(r.Steps) != 3 {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, fingerprints); got != "0" {
		t.Errorf("%s events", got)
	}
	release()
	role := projecttest.Config(t, pgtest.Role(t, url))
	pgtest.Exec(t, url, "REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
	if _, err := m.Down(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	st, err := m.Drift(t.Context(), role)
	if err != nil || st == nil || st.State != migrator.SchemaNotCompared {
		t.Fatalf("%+v %v", st, err)
	}
	if e, ok := errors.AsType[*migrator.SchemaError](st.Err); !ok || e.Problem != migrator.SchemaDenied {
		t.Error(st.Err)
	}
	var uncompared []migrator.SchemaUncompared
	checking := projecttest.Shop(t).Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
		if e, ok := e.(migrator.SchemaUncompared); ok {
			uncompared = append(uncompared, e)
		}
	}})
	if _, err := checking.Check(t.Context(), role); err != nil || len(uncompared) != 1 || !strings.HasPrefix(uncompared[0].Schema.String(), "not compared with what the run that ended at ") {
		t.Errorf("%+v %v", uncompared, err)
	}
}

// Another runner's commit between the last commit and the fingerprint makes it that of another generation.
func TestFingerprintBelongsToAGeneration(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	m := projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn, OnEvent: func(e migrator.Event) {
		if f, ok := e.(migrator.StepFinished); ok && f.Step.Revision == "c3" {
			pgtest.Exec(t, url, "UPDATE ambix_meta SET generation = generation + 1")
		}
	}})
	if _, err := m.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, fingerprints); got != "0" {
		t.Errorf("%s events", got)
	}
}

func TestFingerprintSettingIsChecked(t *testing.T) {
	t.Parallel()
	_, err := migrator.New(projecttest.Shop(t).Files, migrator.Config{Fingerprint: "sometimes"})
	if e, ok := errors.AsType[*migrator.ConfigError](err); !ok || e.Setting != "fingerprint" {
		t.Error(err)
	}
}

// A change by hand stays visible after further runs, until somebody stamps the database.
func TestDriftIsNotRecordedAsTheWorkOfARun(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	var warned []migrator.SchemaState
	m := projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn, OnEvent: func(e migrator.Event) {
		if e, ok := e.(migrator.SchemaDrifted); ok {
			warned = append(warned, e.State)
		}
	}})
	check := func(state migrator.SchemaState, earlier bool) {
		t.Helper()
		if st, err := m.Drift(t.Context(), cfg); err != nil || st == nil || st.State != state || st.Earlier != earlier {
			t.Fatalf("%+v %v", st, err)
		}
	}
	if _, err := m.Up(t.Context(), cfg, "a1"); err != nil {
		t.Fatal(err)
	}
	pgtest.Exec(t, url, "CREATE TABLE by_hand (a int)")
	for range 2 {
		if _, err := m.Up(t.Context(), cfg, "+1"); err != nil {
			t.Fatal(err)
		}
		check(migrator.SchemaChanged, true)
	}
	if len(warned) != 2 || warned[0] != migrator.SchemaChanged {
		t.Errorf("%v", warned)
	}
	if _, err := m.Up(t.Context(), cfg); err != nil { // nothing to do
		t.Fatal(err)
	}
	check(migrator.SchemaChanged, true)
	if _, err := m.Stamp(t.Context(), cfg, "c3"); err != nil {
		t.Fatal(err)
	}
	check(migrator.SchemaUnchanged, false)
}

func TestRunWithNothingToDoRecordsAMissingBaseline(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	cfg := projecttest.Config(t, url)
	off := projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintOff})
	on := projecttest.Shop(t).Migrator(migrator.Config{Fingerprint: migrator.FingerprintOn})
	if _, err := off.Up(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := on.Up(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		if st, err := on.Drift(t.Context(), cfg); err != nil || st == nil || st.State != migrator.SchemaUnchanged {
			t.Fatalf("%+v %v", st, err)
		}
	}
	if got := pgtest.Value(t, url, fingerprints); got != "1" {
		t.Errorf("%s events", got)
	}
}
