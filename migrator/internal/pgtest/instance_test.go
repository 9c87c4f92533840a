package pgtest

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestPrivateServerStopsAndStarts(t *testing.T) {
	t.Parallel()
	s := Start(t, Options{
		Settings: map[string]string{"work_mem": "7MB", "log_line_prefix": "it's mine "},
		Files:    map[string]string{"pg_hba.conf": "host all all 127.0.0.1/32 trust\n"},
	})
	u := s.Database(t)
	if got := Value(t, u, "SHOW work_mem"); got != "7MB" {
		t.Errorf("work_mem = %s", got)
	}
	secret, _ := mustParse(t, u).User.Password()
	Exec(t, strings.Replace(u, secret, "wrong", 1), "CREATE TABLE account (id int); INSERT INTO account VALUES (7)")
	for _, mode := range []StopMode{Fast, Immediate} {
		s.Stop(t, mode)
		if _, err := run(u, "SELECT 1"); err == nil {
			t.Fatalf("%s: the server still answers", mode)
		}
		s.Start(t)
		if got := Value(t, u, "SELECT id FROM account"); got != "7" {
			t.Errorf("%s: id = %s", mode, got)
		}
	}
	if log := s.Log(t); !strings.Contains(log, "it's mine ") || !strings.Contains(log, "automatic recovery in progress") {
		t.Errorf("the log shows no recovery:\n%s", log)
	}
}

func TestSharedServerCannotBeStopped(t *testing.T) {
	t.Parallel()
	var fatal string
	done := make(chan struct{})
	go func() {
		defer close(done)
		Shared(t).Stop(&fatalRecorder{TB: t, text: &fatal}, Fast)
	}()
	<-done
	if !strings.Contains(fatal, "pgtest.Start") {
		t.Errorf("stopping the shared server: %q", fatal)
	}
	Exec(t, Shared(t).URL("postgres"), "SELECT 1")
}

func TestStartErrorContainsTheLog(t *testing.T) {
	t.Parallel()
	_, err := startLocal(Options{Settings: map[string]string{"no_such_setting": "1"}})
	if err == nil || !strings.Contains(err.Error(), `unrecognized configuration parameter "no_such_setting"`) {
		t.Errorf("error: %v", err)
	}
}

func TestStandbyReplicatesAndIsPromoted(t *testing.T) {
	t.Parallel()
	primary := Start(t, Options{})
	u := primary.Database(t)
	standby := primary.Standby(t)
	name := strings.Trim(mustParse(t, u).Path, "/")
	Exec(t, u, "CREATE TABLE account (id int)")
	slot := Value(t, u, "SELECT application_name FROM pg_stat_replication")
	SetSynchronousStandbys(t, u, slot)
	Exec(t, u, "SET synchronous_commit = remote_apply; INSERT INTO account VALUES (1)")

	copied := standby.URL(name)
	if got := Value(t, copied, "SELECT count(*) FROM account"); got != "1" {
		t.Errorf("%s rows on the standby", got)
	}
	if _, err := run(copied, "INSERT INTO account VALUES (2)"); err == nil {
		t.Error("the standby accepts writes")
	}
	proxy := NewProxy(t, u)
	primary.Stop(t, Immediate)
	standby.Promote(t)
	proxy.Retarget(t, copied)
	Exec(t, proxy.URL(u), "INSERT INTO account VALUES (3)")
}

func TestPgBouncerPoolsTransactions(t *testing.T) {
	t.Parallel()
	for _, s := range []*Server{Shared(t), Start(t, Options{})} {
		u := s.Database(t)
		b := s.PgBouncer(t, map[string]string{"default_pool_size": "1"})
		name := strings.Trim(mustParse(t, u).Path, "/")
		// There is one server connection, so the next session finds the settings of this one.
		Exec(t, b.URL(name), "SET search_path = leaked")
		if got := Value(t, b.URL(name), "SHOW search_path"); got != "leaked" {
			t.Errorf("search_path = %s: not transaction pooling", got)
		}
		role := b.Through(Role(t, u))
		if got := Value(t, role, "SELECT session_user"); got != mustParse(t, role).User.Username() {
			t.Errorf("session_user = %s", got)
		}
	}
}

// The processes are this test binary, running TestVictim.
func TestServersEndWithTheTestProcess(t *testing.T) {
	t.Parallel()
	type ending struct {
		name string
		mode string
		end  func(*os.Process) error
	}
	tests := []ending{
		{"killed", "wait", (*os.Process).Kill},
		{"interrupted", "wait", func(p *os.Process) error { return p.Signal(os.Interrupt) }},
		{"panic", "panic", func(*os.Process) error { return nil }}, // as on -timeout
	}
	if !Shared(t).named { // a named server outlives the process
		tests = append(tests, ending{"shared server", "shared", (*os.Process).Kill})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			victim := exec.Command(os.Args[0], "-test.run=^TestVictim$")
			victim.Env = append(os.Environ(), "PGTEST_VICTIM="+test.mode)
			out, err := victim.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := victim.Start(); err != nil {
				t.Fatal(err)
			}
			var address, dir, output string
			lines := bufio.NewScanner(out)
			for address == "" && lines.Scan() {
				output += lines.Text() + "\n"
				if rest, ok := strings.CutPrefix(lines.Text(), "victim "); ok {
					address, dir, _ = strings.Cut(rest, " ")
				}
			}
			if address == "" {
				t.Fatalf("the process started no server:\n%s%v", output, victim.Wait())
			}
			if err := test.end(victim.Process); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() { // until it ends
			}
			if err := victim.Wait(); err == nil {
				t.Error("the process succeeded")
			}
			waitUntilGone(t, address, dir)
		})
	}
}

func waitUntilGone(t *testing.T, address, dir string) {
	t.Helper()
	Eventually(t, dir+" and the server at "+address+" are gone", func() bool {
		_, err := os.Stat(dir)
		conn, dialErr := net.Dial("tcp", address)
		if dialErr == nil {
			_ = conn.Close()
		}
		return os.IsNotExist(err) && dialErr != nil
	})
}

// TestVictim is the process that TestServersEndWithTheTestProcess kills. Otherwise it does nothing.
func TestVictim(t *testing.T) {
	mode := os.Getenv("PGTEST_VICTIM")
	if mode == "" {
		return
	}
	s := Shared(t)
	if mode != "shared" {
		s = Start(t, Options{})
		s.PgBouncer(t, nil)
	}
	dir := "none"
	if s.local != nil {
		dir = s.local.Home.Dir
	}
	if _, err := os.Stdout.WriteString("victim " + mustParse(t, s.URL("")).Host + " " + dir + "\n"); err != nil {
		t.Fatal(err)
	}
	if mode == "panic" {
		go panic("the end")
	}
	time.Sleep(Patience)
}
