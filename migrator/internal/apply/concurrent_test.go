package apply_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

func TestConcurrentRunnersApplyOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	p := projecttest.New(t)
	parent := ""
	const revisions, runners = 20, 8
	for i := range revisions {
		id := fmt.Sprintf("r%02d", i)
		p.Add(id, parent, fmt.Sprintf("CREATE TABLE t%d (id int);", i), fmt.Sprintf("DROP TABLE t%d;", i))
		parent = id
	}
	var wg sync.WaitGroup
	reports := make([]*migrator.Report, runners)
	errs := make([]error, runners)
	for i := range runners {
		m, cfg := p.Migrator(migrator.Config{}), projecttest.Config(t, url)
		wg.Go(func() { reports[i], errs[i] = m.Up(context.Background(), cfg) })
	}
	wg.Wait()
	total := 0
	for i := range runners {
		if errs[i] != nil {
			t.Errorf("runner %d: %v", i, errs[i])
			continue
		}
		total += len(reports[i].Steps)
		if len(reports[i].Steps)+len(reports[i].Others) > revisions || !cmp.Equal(reports[i].To, []string{parent}) {
			t.Errorf("runner %d: %d steps, %d of others, at %v", i, len(reports[i].Steps), len(reports[i].Others), reports[i].To)
		}
	}
	if total != revisions {
		t.Errorf("%d steps are reported", total)
	}
	if got := pgtest.Value(t, url, "SELECT count(*) || ' ' || count(DISTINCT revision) FROM ambix_event"); got != "20 20" {
		t.Errorf("events, and revisions in them: %s", got)
	}
	projecttest.AwaitNoAdvisoryLocks(t, url)
}

func TestConcurrentRunnersReachOneTarget(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		cfg := projecttest.Config(t, url)
		wg.Go(func() { _, errs[i] = m.Up(context.Background(), cfg, "a1") })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ') FROM ambix_revision"); got != "a1" {
		t.Errorf("applied: %s", got)
	}
}

func TestConcurrentRunnersRunStatementsOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := mixed(t).Migrator(migrator.Config{})
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		cfg := projecttest.Config(t, url)
		wg.Go(func() { _, errs[i] = m.Up(context.Background(), cfg) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	checkMixed(t, url)
}

func TestUpgradesAndDowngradesMayRace(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	var wg sync.WaitGroup
	for i := range 8 {
		cfg := projecttest.Config(t, url)
		wg.Go(func() {
			var err error
			for range 5 {
				if i%2 == 0 {
					_, err = m.Up(context.Background(), cfg)
				} else {
					_, err = m.To(context.Background(), cfg, "base")
				}
				var busy *migrator.BusyError
				if err != nil && !errors.As(err, &busy) {
					t.Errorf("runner %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil {
		t.Fatal(err)
	}
	if got := pgtest.Value(t, url, "SELECT string_agg(revision, ' ' ORDER BY revision) FROM ambix_revision"); got != "a1 b2 c3" {
		t.Errorf("applied: %s", got)
	}
	// The events of every revision alternate.
	if got := pgtest.Value(t, url, "SELECT count(*) FROM (SELECT action, lag(action) OVER (PARTITION BY revision ORDER BY event) AS before FROM ambix_event) e WHERE action = before"); got != "0" {
		t.Errorf("%s events repeat", got)
	}
}

func TestPoolerServesTransactionalRevisionsOnly(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	direct := server.Database(t)
	url := server.PgBouncer(t, nil).Through(direct)
	m := projecttest.Shop(t).Migrator(migrator.Config{})
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		cfg := projecttest.Config(t, url)
		wg.Go(func() { _, errs[i] = m.Up(context.Background(), cfg) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if got := pgtest.Value(t, direct, "SELECT count(*) || ' ' || count(DISTINCT revision) FROM ambix_event"); got != "3 3" {
		t.Errorf("events, revisions: %s", got)
	}
	if got := pgtest.Value(t, direct, "SELECT length(name) FROM account"); got != "2" {
		t.Errorf("length('é;') = %s", got)
	}
	_, err := mixed(t).Migrator(migrator.Config{}).Up(context.Background(), projecttest.Config(t, server.PgBouncer(t, nil).Through(server.Database(t))))
	var pooler *migrator.RefusedError
	if !errors.As(err, &pooler) || pooler.Revision != "b" {
		t.Errorf("a non-transactional revision through a pooler: %v", err)
	}
}
