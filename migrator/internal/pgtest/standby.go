package pgtest

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// Standby starts a streaming standby of a private server and returns when it streams.
// It has a replication slot of its own and is known to the primary by an
// application_name of the same name, the only one in pg_stat_replication after the
// first call, for synchronous_standby_names.
//
// The primary is stopped and started again for a moment: a copy of its data directory
// needs nothing but the server itself, while pg_basebackup must be of the same version
// or newer and is often not there.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	s.mustBeOwn(t)
	standby, slot, err := s.local.copy()
	if err != nil {
		t.Fatalf("a standby: %v", err)
	}
	Exec(t, s.admin.String(), "SELECT pg_create_physical_replication_slot('"+slot+"', true)")
	if err := standby.startAnywhere(); err != nil {
		t.Fatalf("a standby: %v", err)
	}
	replica := standby.server()
	replica.endWith(t)
	deadline := time.Now().Add(30 * time.Second)
	for Value(t, replica.admin.String(), "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'") != "1" {
		if time.Now().After(deadline) {
			t.Fatalf("the standby does not stream\n%s", standby.lastLines())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return replica
}

// Promote makes a standby a primary and returns when it accepts writes. The old primary
// is not touched.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	s.mustBeOwn(t)
	if err := s.local.pgCtl("promote", "-w", "-t", "60"); err != nil {
		t.Fatal(err)
	}
}

// copy stops a server, copies it as a standby that is not started yet, and starts it again.
func (i *instance) copy() (_ *instance, slot string, err error) {
	dir, err := i.home.newDir("standby")
	if err != nil {
		return nil, "", err
	}
	standby := &instance{home: i.home, binaries: i.binaries, dir: dir}
	if err := i.stop(Fast); err != nil {
		return nil, "", err
	}
	if err := i.home.run("cp", "-R", i.data(), standby.data()); err != nil {
		return nil, "", err
	}
	if err := i.start(); err != nil {
		return nil, "", err
	}
	slot = "standby_" + randomHex(4)
	err = i.home.write(filepath.Join(standby.data(), "standby.signal"), "")
	if err != nil {
		return nil, "", err
	}
	return standby, slot, appendTo(filepath.Join(standby.data(), "postgresql.auto.conf"), fmt.Sprintf(
		"primary_conninfo = 'host=127.0.0.1 port=%d user=%s password=%s application_name=%s'\nprimary_slot_name = '%[4]s'\nwal_retrieve_retry_interval = '100ms'\n",
		i.port, superuser, password(), slot))
}
