package pgtest

import (
	"fmt"
	"path/filepath"
	"testing"

	"example.com/ambix/migrator/internal/pgserver"
)

// Standby starts a streaming standby of a private server and returns when it streams. It has
// its own replication slot and an application_name of the same name, which can be read from
// pg_stat_replication for synchronous_standby_names.
//
// The primary is restarted to copy its data directory: pg_basebackup would have to be
// installed in the same version or a newer one.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	s.mustBePrivate(t)
	standby, slot, err := copyInstance(s.local)
	if err != nil {
		t.Fatalf("a standby: %v", err)
	}
	Exec(t, s.admin.String(), "SELECT pg_create_physical_replication_slot('"+slot+"', true)")
	if err := standby.StartOnFreePort(); err != nil {
		t.Fatalf("a standby: %v", err)
	}
	replica := serverOf(standby)
	replica.stopWith(t)
	Eventually(t, "the standby streams", func() bool {
		return Value(t, replica.admin.String(), "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'") == "1"
	})
	return replica
}

// Promote promotes a standby and returns when it accepts writes. The old primary keeps
// running.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	s.mustBePrivate(t)
	if err := s.local.PgCtl("promote", "-w", "-t", "60"); err != nil {
		t.Fatal(err)
	}
}

// SetSynchronousStandbys changes synchronous_standby_names of a private server, and returns when commits wait accordingly.
// Commits wait for ever for a standby that does not exist.
func SetSynchronousStandbys(t testing.TB, databaseURL, names string) {
	t.Helper()
	Exec(t, databaseURL, "ALTER SYSTEM SET synchronous_standby_names = '"+names+"'")
	Exec(t, databaseURL, "SELECT pg_reload_conf()")
	Eventually(t, "synchronous_standby_names is "+names, func() bool { return Value(t, databaseURL, "SHOW synchronous_standby_names") == names })
	// Commits follow what the checkpointer has read, which it does before its next checkpoint.
	Exec(t, databaseURL, "CHECKPOINT")
}

// copyInstance stops the server, copies it to a new standby, which is not started, and starts it again.
func copyInstance(i *pgserver.Instance) (_ *pgserver.Instance, slot string, err error) {
	dir, err := i.Home.NewDir("standby")
	if err != nil {
		return nil, "", err
	}
	standby := &pgserver.Instance{Home: i.Home, Binaries: i.Binaries, Dir: dir}
	if err := i.Stop(Fast); err != nil {
		return nil, "", err
	}
	if err := i.Home.Run("cp", "-R", i.Data(), standby.Data()); err != nil {
		return nil, "", err
	}
	if err := i.Start(); err != nil {
		return nil, "", err
	}
	slot = "standby_" + pgserver.RandomHex(4)
	err = i.Home.Write(filepath.Join(standby.Data(), "standby.signal"), "")
	if err != nil {
		return nil, "", err
	}
	return standby, slot, pgserver.AppendTo(filepath.Join(standby.Data(), "postgresql.auto.conf"), fmt.Sprintf(
		"primary_conninfo = 'host=127.0.0.1 port=%d user=%s password=%s application_name=%s'\nprimary_slot_name = '%[4]s'\nwal_retrieve_retry_interval = '100ms'\n",
		i.Port, pgserver.Superuser, i.Home.Password, slot))
}
