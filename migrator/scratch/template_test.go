package scratch

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"example.com/ambix/migrator/internal/pgtest"
)

// Tests that always have the same files make no template, and what they keep is dropped all the same.
func TestOldDatabasesAreDroppedWhenATemplateIsUsedAgain(t *testing.T) {
	t.Parallel()
	admin := pgtest.Shared(t).URL("postgres")
	s := open(t, Options{Like: config(t, pgtest.Database(t))})
	key := "ab" + randomHex()
	template, err := s.Template(t.Context(), key, fillWith(t, "SELECT", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer pgtest.Exec(t, admin, "DROP DATABASE "+template)
	used := func(age time.Duration) string { return ", used " + time.Now().Add(-age).UTC().Format(time.RFC3339) }
	kept := "kept_" + randomHex()
	pgtest.Exec(t, admin, "CREATE DATABASE "+kept)
	pgtest.Exec(t, admin, "COMMENT ON DATABASE "+kept+" IS 'ambix test database of TestKept, ambix 1 on host/1"+used(25*time.Hour)+"'")
	pgtest.Exec(t, admin, "COMMENT ON DATABASE "+template+" IS 'ambix template database of ambix 1 on host/1"+used(2*time.Hour)+"'")
	if _, err := s.Template(t.Context(), key, nil); err != nil {
		t.Fatal(err)
	}
	checkGone(t, kept)
}

func TestUnfinishedTemplateIsDroppedAfterAPanic(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Like: config(t, pgtest.Database(t))})
	var unfinished string
	func() {
		defer func() { _ = recover() }()
		_, _ = s.Template(t.Context(), "ab"+randomHex(), func(_ context.Context, cfg *pgconn.Config) error {
			unfinished = cfg.Database
			panic("a bug")
		})
	}()
	checkGone(t, unfinished)
}
