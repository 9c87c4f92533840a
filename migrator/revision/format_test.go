package revision_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"example.com/ambix/migrator/revision"
)

func TestFormatIsCanonical(t *testing.T) {
	t.Parallel()
	limit, none := 5*time.Second, time.Duration(0)
	off := revision.NewScript("VACUUM account;\n")
	off.Transactional, off.LockTimeout, off.StatementTimeout = false, &limit, &none
	tests := []struct {
		name     string
		r        *revision.Revision
		up, down string
	}{
		{"minimal", &revision.Revision{ID: "a1"}, "-- revision: a1\n-- down_revision:\n-- branch_labels:\n-- depends_on:\n", ""},
		{
			"first", &revision.Revision{
				ID: "433af9f41996", Message: "create account table", BranchLabels: []string{"store"},
				Created: time.Date(2021, 11, 20, 20, 17, 1, 0, time.FixedZone("", 3600)),
				Up:      revision.NewScript("CREATE TABLE account ();\n"), Down: revision.NewScript("DROP TABLE account;\n"),
			}, "-- create account table\n--\n-- revision: 433af9f41996\n-- down_revision:\n-- branch_labels: store\n-- depends_on:\n" +
				"-- created: 2021-11-20T19:17:01Z\n\nCREATE TABLE account ();\n",
			"-- revision: 433af9f41996\n\nDROP TABLE account;\n",
		},
		{"merge", &revision.Revision{
			ID: "m", Message: "merge\n  two heads", DownRevision: []string{"a", "b"}, DependsOn: []string{"c"},
			Up: revision.NewScript(""), Down: revision.NewScript(""),
		}, "-- merge\n--   two heads\n--\n-- revision: m\n-- down_revision: a, b\n-- branch_labels:\n-- depends_on: c\n", "-- revision: m\n"},
		{
			"options, and a comment at the start of the SQL", &revision.Revision{ID: "a1", DownRevision: []string{"p"}, Up: off, Down: revision.NewScript("-- nothing")},
			"-- revision: a1\n-- down_revision: p\n-- branch_labels:\n-- depends_on:\n-- transaction: off\n-- lock_timeout: 5s\n-- statement_timeout: 0s\n\nVACUUM account;\n",
			"-- revision: a1\n\n-- nothing",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			up, down := test.r.Format()
			if diff := cmp.Diff(test.up, up) + cmp.Diff(test.down, down); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkInverse(t, test.r)
		})
	}
}

// checkInverse checks that parsing the formatted revision returns an equal one, which has the same format.
func checkInverse(t rapid.TB, r *revision.Revision) {
	t.Helper()
	up, down := r.Format()
	var src *revision.Source
	if r.Down != nil {
		src = &revision.Source{Text: down}
	}
	read, problems := revision.Parse(revision.Source{Text: up}, src)
	if len(problems) > 0 {
		t.Fatalf("%q has problems: %v", up, problems)
	}
	// A script that is not from a file does not have a header.
	body := cmp.Transformer("body", func(s *revision.Script) any {
		if s == nil {
			return nil
		}
		return []any{s.SQL(), s.Options(), s.Transactional}
	})
	want := *r
	if want.Up == nil {
		want.Up = revision.NewScript("")
	}
	if diff := cmp.Diff(&want, read, body, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("parsed back (-want +got):\n%s", diff)
	}
	if againUp, againDown := read.Format(); againUp != up || againDown != down {
		t.Fatalf("formatted again: %q, %q\nwant %q, %q", againUp, againDown, up, down)
	}
}

func drawRevision(t *rapid.T) *revision.Revision {
	name := rapid.StringMatching(`x[A-Za-z0-9_.]{0,63}`)
	names := rapid.SliceOfNDistinct(name, 0, 4, rapid.ID[string])
	millis := rapid.Map(rapid.Int64Range(0, 1<<31-1), func(n int64) time.Duration { return time.Duration(n) * time.Millisecond })
	script := rapid.Custom(func(t *rapid.T) *revision.Script {
		s := revision.NewScript(rapid.SampledFrom([]string{
			"", "\n", "SELECT 1;\n", "-- transaction is on\nSELECT 'ä', $$;$$;", "\r\nSELECT 1;\r\n", "-- revision\r\n\r\n\r\n", "COPY a FROM stdin;\n\\.\n", "\n-- x: y\n--\n",
		}).Draw(t, "sql"))
		s.Transactional = rapid.Bool().Draw(t, "transaction")
		s.LockTimeout = rapid.Ptr(millis, true).Draw(t, "lock_timeout")
		s.StatementTimeout = rapid.Ptr(millis, true).Draw(t, "statement_timeout")
		return s
	})
	r := &revision.Revision{
		ID: name.Draw(t, "id"), DownRevision: names.Draw(t, "down_revision"), DependsOn: names.Draw(t, "depends_on"), BranchLabels: names.Draw(t, "branch_labels"),
		Up: script.Draw(t, "up"),
		// Write refuses messages that a header cannot contain.
		Message: strings.Join(rapid.SliceOfN(rapid.StringMatching(`\*[ -~äß€]{0,30}[:;.!x]`), 0, 4).Draw(t, "message"), "\n"),
	}
	if rapid.Bool().Draw(t, "reversible") {
		r.Down = script.Draw(t, "down")
	}
	if rapid.Bool().Draw(t, "dated") {
		r.Created = time.Unix(rapid.Int64Range(-62135596799, 253402300799).Draw(t, "seconds"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds")).UTC()
	}
	return r
}

func TestFormattedRevisionIsParsedBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { checkInverse(t, drawRevision(t)) })
}

// Whatever is parsed without problems can be formatted, and is parsed as the same.
func TestValidFilesSurviveFormat(t *testing.T) {
	t.Parallel()
	junk := rapid.SliceOf(rapid.SampledFrom([]string{
		"-- message", "--  a: colon", "-- created: x", "--", "-- --", "-- transaction: on", "-- transaction: off", "-- revision: a1", "", "SELECT 1;", "/* x */",
	}))
	entries := rapid.Permutation([]string{
		"--revision :a1\r", "  -- down_revision: a ,b", "-- branch_labels: l", "-- depends_on:\t", "-- created: 2021-11-20T19:17:01.25+01:00",
		"-- transaction: on", "-- lock_timeout: 90s", "--\tstatement_timeout:1.5min ",
	})
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		message := rapid.SampledFrom([]string{"", "--\n", "--  a: colon\t\r\n--b\n--\n", "\ufeff-- m\n--\t\n"}).Draw(t, "message")
		up := message + strings.Join(entries.Draw(t, "entries"), "\n") + "\n\n" + strings.Join(junk.Draw(t, "body"), "\n")
		down := strings.Join(junk.Draw(t, "down"), "\n")
		for _, src := range []*revision.Source{nil, {Text: down}, {Text: message + "-- transaction: off\n" + down}} {
			if r, problems := revision.Parse(revision.Source{Text: up}, src); len(problems) == 0 {
				accepted++
				checkInverse(t, r)
			}
		}
	})
	if accepted < 50 {
		t.Errorf("only %d texts were valid", accepted)
	}
}

func TestCleanMessage(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                    "",
		" \n\t\r\n":           "",
		"  create account \n": "create account",
		"a\n\n b\t\r\n\r\nc":  "a\n b\nc",
		"tabs\tinside and ä":  "tabs\tinside and ä",
	} {
		if got := revision.CleanMessage(in); got != want {
			t.Errorf("CleanMessage(%q) = %q, want %q", in, got, want)
		}
	}
}
