package apply_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/ambix/migrator"
	"example.com/ambix/migrator/internal/pgtest"
	"example.com/ambix/migrator/internal/projecttest"
)

// A waiting runner that loses its connection continues to wait.
func TestWaitSurvivesLostConnection(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	release := projecttest.HoldLock(t, url, "another program")
	proxy := pgtest.NewProxy(t, url)
	lost := false
	var once sync.Once
	m := projecttest.Shop(t).Migrator(migrator.Config{OnEvent: func(e migrator.Event) {
		switch e := e.(type) {
		case migrator.Waiting:
			once.Do(func() { proxy.All(pgtest.Cut) })
			if lost {
				release()
			}
			if e.Holder.Application != "another program" || e.Holder.User != "postgres" || e.Holder.PID == "" {
				t.Errorf("the holder: %+v", e.Holder)
			}
		case migrator.ConnectionLost:
			lost = true
		}
	}})
	r, err := m.Up(context.Background(), projecttest.Config(t, proxy.URL(url)))
	if err != nil || len(r.Steps) != 3 || !lost {
		t.Errorf("%+v, %v, lost %v", r, err, lost)
	}
}

// A waiting runner stops at its limit, names the session that it waited for, and has run
// nothing.
func TestWaitEndsAtItsLimit(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	projecttest.HoldLock(t, url, "another program")
	for _, wait := range []time.Duration{-1, 200 * time.Millisecond} {
		for _, header := range []string{"transaction: on", projecttest.NonTransactional} {
			r, err := projecttest.New(t).Add("a", "", "CREATE TABLE x (id int);", "", header).Migrator(migrator.Config{WaitRunner: wait}).Up(context.Background(), projecttest.Config(t, url))
			var busy *migrator.BusyError
			if !errors.As(err, &busy) || !strings.Contains(err.Error(), `another runner: process `) || !strings.Contains(err.Error(), `, "another program", role postgres`) || len(r.Steps) != 0 {
				t.Errorf("%v: %v", wait, err)
			}
			if wait > 0 && busy != nil && busy.Waited < wait {
				t.Errorf("gave up after %v", busy.Waited)
			}
		}
	}
	if got := pgtest.Value(t, url, "SELECT count(*) FROM pg_class WHERE relname = 'x' OR relname LIKE 'ambix%'"); got != "0" {
		t.Errorf("%s tables exist", got)
	}
}

// The limit counts from when another runner is met, not from the start of the run.
func TestWaitLimitStartsWithTheWait(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	var release func()
	waited := 0
	m := projecttest.New(t).
		// A revision with COPY is not in a batch with the next one.
		Add("a", "", "CREATE TABLE x (id int);\nCOPY x FROM stdin;\n\\.\nSELECT pg_sleep(4.1);", "").
		Add("b", "a", "CREATE TABLE y (id int);", "").
		Migrator(migrator.Config{WaitRunner: 4 * time.Second, OnEvent: func(e migrator.Event) {
			switch e := e.(type) {
			case migrator.StepFinished:
				if e.Step.Revision == "a" {
					release = projecttest.HoldLock(t, url, "another runner")
				}
			case migrator.Waiting:
				waited++
				release()
			}
		}})
	if _, err := m.Up(context.Background(), projecttest.Config(t, url)); err != nil || waited != 1 {
		t.Errorf("waited %d times, %v", waited, err)
	}
}
