package revision_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/ambix/migrator/revision"
)

// good is a valid header, to which the tests add keys or a script.
const good = "-- create account\n--\n-- revision: a1\n-- down_revision:\n"

// noDown stands for a missing down file.
const noDown = "\x00none"

func parse(up, down string) (*revision.Revision, revision.Problems) {
	var src *revision.Source
	if down != noDown {
		src = &revision.Source{File: "a.down.sql", Text: down}
	}
	return revision.Parse(revision.Source{File: "a.up.sql", Text: up}, src)
}

// checkProblems compares problems with lines such as `up:1:4: text`.
func checkProblems(t *testing.T, got revision.Problems, want []string) {
	t.Helper()
	var lines []string
	for _, p := range got {
		lines = append(lines, strings.Replace(p.Error(), "a.", "", 1))
	}
	for i := range lines {
		lines[i] = strings.Replace(lines[i], ".sql:", ":", 1)
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestHeaderProblemsAreReported(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, up string
		want     []string
	}{
		{"all keys", "-- m\n--\n-- revision: a1\n-- down_revision: p1, p2\n-- branch_labels: store, shop\n-- depends_on: d1,d2\n" +
			"-- created: 2021-11-20T19:17:01Z\n-- transaction: off\n-- lock_timeout: 5s\n-- statement_timeout: 10min\n\nSELECT 1;\n", nil},
		{"no message", "-- revision: a1\n-- down_revision: p\n", nil},
		{"header without a script and without a line end", "-- revision: a1\n-- down_revision:", nil},
		{"any order, any spaces", "--down_revision:p\n  --\trevision :  a1  \n\nSELECT 1;", nil},
		{"message with colons", "-- fix: revision: not this\n-- down_revison: nor this\n--\n-- revision: a1\n-- down_revision:\n", nil},
		{"message with dashes", "-----------\n-- fix\n--\n-- revision: a1\n-- down_revision:\n", nil},
		{"CRLF", "-- m\r\n--\r\n-- revision: a1\r\n-- down_revision:\r\n\r\nSELECT 1;\r\n", nil},
		{"byte order mark", "\ufeff-- revision: a1\n-- down_revision:\n\nSELECT 1;", nil},
		{"script right below the header", good + "SELECT 1;", nil},
		{"explicit default", good + "-- transaction: on\n", nil},
		{"no limits", good + "-- lock_timeout: 0s\n-- statement_timeout: 0ms\n", nil},
		{"time with an offset and a fraction", good + "-- created: 2021-11-20T20:17:01.5+01:00\n", nil},
		{"longest id", "-- revision: " + strings.Repeat("a", 64) + "\n-- down_revision:\n", nil},
		{"ids that contain reserved words", "-- revision: headless\n-- down_revision: HEAD, base.1\n", nil},

		{"empty file", "", []string{
			`up:1:1: missing key "down_revision": add "-- down_revision: ID" with the id of the parent, or "-- down_revision:" for a base`,
			`up:1:1: missing key "revision": add "-- revision: ID" to the header, the comment lines at the top`,
		}},
		{"no header", "CREATE TABLE a ();\n", []string{
			`up:1:1: missing key "down_revision": add "-- down_revision: ID" with the id of the parent, or "-- down_revision:" for a base`,
			`up:1:1: missing key "revision": add "-- revision: ID" to the header, the comment lines at the top`,
		}},
		{"missing down_revision", "-- m\n--\n-- revision: a1\n", []string{
			`up:1:1: missing key "down_revision": add "-- down_revision: ID" with the id of the parent, or "-- down_revision:" for a base`,
		}},
		{"missing revision", "-- m\n--\n-- down_revision:\n", []string{
			`up:1:1: missing key "revision": add "-- revision: ID" to the header, the comment lines at the top`,
		}},
		{"empty revision", "-- revision:\n-- down_revision:\n", []string{`up:1:4: key "revision" has no value`}},
		{"unknown key, nearest word", "-- m\n--\n-- revision: a1\n-- down_revison: p\n", []string{
			`up:4:4: unknown key "down_revison": did you mean "down_revision"?`,
		}},
		{"unknown keys", good + "-- Depends-On: x\n-- label: x\n-- timeout: 5s\n-- colour: red\n-- createt: x\n-- : x\n", []string{
			`up:5:4: unknown key "Depends-On": did you mean "depends_on"?`,
			`up:6:4: unknown key "label": did you mean "branch_labels"?`,
			`up:7:4: unknown key "timeout": the keys are revision, down_revision, branch_labels, depends_on, replaces, created, accept, transaction, lock_timeout and statement_timeout`,
			`up:8:4: unknown key "colour": the keys are revision, down_revision, branch_labels, depends_on, replaces, created, accept, transaction, lock_timeout and statement_timeout`,
			`up:9:4: unknown key "createt": did you mean "created"?`,
			`up:10:4: unknown key "": the keys are revision, down_revision, branch_labels, depends_on, replaces, created, accept, transaction, lock_timeout and statement_timeout`,
		}},
		{"mistyped first key", "-- revison: a1\n-- down_revision:\n", []string{
			`up:1:4: unknown key "revison": did you mean "revision"? (a message must be followed by a bare "--" line)`,
		}},
		{"swapped letters in a key that contains another", "-- revision: a1\n-- dwon_revision:\n", []string{
			`up:2:4: unknown key "dwon_revision": did you mean "down_revision"?`,
		}},
		{"repeated key", good + "-- revision: a2\n", []string{`up:5:4: key "revision" appears twice: it is also in line 3`}},
		{"no colon", good + "-- transaction off\n-- a comment of the body\n--\n", []string{
			`up:5:4: missing colon after "transaction": write "-- transaction: …"`,
			`up:6:4: not a "key: value" line: only keys can follow the message; put an empty line between the header and a comment of the script`,
			`up:7:1: empty comment line among the keys: remove it (the header ends with the first line that is not a comment)`,
		}},
		{"message with an empty line", "-- m\n--\n-- more\n--\n-- revision: a1\n-- down_revision:\n", []string{
			`up:3:4: not a "key: value" line: only keys can follow the message; put an empty line between the header and a comment of the script`,
			`up:4:1: empty comment line among the keys: remove it (the header ends with the first line that is not a comment)`,
		}},
		{"transaction", good + "-- transaction: Off\n", []string{`up:5:17: transaction: "Off" is neither "on" nor "off"`}},
		{"values missing", good + "-- transaction:\n-- created:\n-- lock_timeout:  \n", []string{
			`up:5:4: key "transaction" has no value`, `up:6:4: key "created" has no value`, `up:7:4: key "lock_timeout" has no value`,
		}},
		{"unit missing", good + "-- lock_timeout: 5\n", []string{
			`up:5:18: lock_timeout: duration "5": missing unit: write 5ms, 5s, 5min or 5h`,
		}},
		{"bad duration", good + "-- lock_timeout: fast\n-- statement_timeout: 5 s\n", []string{
			`up:5:18: lock_timeout: duration "fast": not a number with a unit, such as 500ms, 5s, 10min or 1h30m`,
			`up:6:23: statement_timeout: duration "5 s": unknown unit " s": the units are ms, s, m (or min) and h`,
		}},
		{"bad date", good + "-- created: 2021-11-20\n", []string{
			`up:5:13: created: "2021-11-20" is not a time: write it as 2021-11-20T19:17:01Z`,
		}},
		{"a time that is not a valid date in UTC", good + "-- created: 9999-12-31T23:59:59-01:00\n", []string{
			`up:5:13: created: "9999-12-31T23:59:59-01:00" is not a time: write it as 2021-11-20T19:17:01Z`,
		}},
		{"no such day", good + "-- created: 2021-02-30T00:00:00Z\n", []string{
			`up:5:13: created: "2021-02-30T00:00:00Z" is not a time: write it as 2021-11-20T19:17:01Z`,
		}},
		{"forbidden character", "-- revision: a-1\n-- down_revision: ä\n-- branch_labels: x, y@z\n-- depends_on: a b\n", []string{
			`up:1:14: revision: id "a-1": forbidden character '-': only A-Z a-z 0-9 _ and . are allowed`,
			`up:2:19: down_revision: id "ä": forbidden character 'ä': only A-Z a-z 0-9 _ and . are allowed`,
			`up:3:22: branch_labels: label "y@z": forbidden character '@': only A-Z a-z 0-9 _ and . are allowed`,
			`up:4:16: depends_on: id or label "a b": forbidden character ' ': only A-Z a-z 0-9 _ and . are allowed`,
		}},
		{"invisible character", "-- revision:\u00a0a1\n-- down_revision:\n", []string{
			"up:1:13: revision: id \"\\u00a0a1\": forbidden character '\\u00a0': only A-Z a-z 0-9 _ and . are allowed",
		}},
		{"too long", "-- revision: " + strings.Repeat("a", 65) + "\n-- down_revision:\n", []string{
			`up:1:14: revision: id "` + strings.Repeat("a", 65) + `": 65 characters, but at most 64 are allowed`,
		}},
		{"reserved", "-- revision: head\n-- down_revision: base, x\n-- branch_labels: heads\n-- depends_on: current\n", []string{
			`up:1:14: revision: id "head": reserved word: head, heads, base and current have a special meaning`,
			`up:2:19: down_revision: id "base": reserved word: head, heads, base and current have a special meaning`,
			`up:3:19: branch_labels: label "heads": reserved word: head, heads, base and current have a special meaning`,
			`up:4:16: depends_on: id or label "current": reserved word: head, heads, base and current have a special meaning`,
		}},
		{"lists", "-- revision: a1\n-- down_revision: p,, p,\n-- branch_labels: ,\n", []string{
			`up:2:21: down_revision: empty element in the list: remove the comma`,
			`up:2:23: down_revision: "p" is listed twice`,
			`up:2:25: down_revision: empty element in the list: remove the comma`,
			`up:3:19: branch_labels: empty element in the list: remove the comma`,
			`up:3:20: branch_labels: empty element in the list: remove the comma`,
		}},
		{"no bare line after the message", "-- m\n-- revision: a1\n-- down_revision:\n", []string{
			`up:2:4: key "revision" is part of the message: put a bare "--" line between the message and the keys`,
			`up:3:4: key "down_revision" is part of the message: put a bare "--" line between the message and the keys`,
		}},
		{"a needed key above the bare line", "-- m\n-- down_revision:\n--\n-- revision: a1\n", []string{
			`up:2:4: key "down_revision" is part of the message: put a bare "--" line between the message and the keys`,
		}},
		{"keys below an empty line", "-- m\n--\n-- revision: a1\n\n-- down_revision: p\n-- revision: 2\n-- transaction: off\n\nVACUUM;\n", []string{
			`up:5:4: key "down_revision" is below the header: message and keys are one block of comment lines; remove the lines in between`,
			`up:7:4: key "transaction" is below the header: message and keys are one block of comment lines; remove the lines in between`,
			`up:9:1: VACUUM cannot run inside a transaction block: add the line "-- transaction: off" to the header`,
		}},
		{"another value below the header", good + "-- transaction: on\n\n-- transaction: off\n-- transaction: on\n", []string{
			`up:7:4: key "transaction" is below the header: message and keys are one block of comment lines; remove the lines in between`,
		}},
		{"empty first line", "\n-- revision: a1\n-- down_revision:\n", []string{
			`up:2:4: key "revision" is not in the header: the header begins in the first line of the file; remove the lines above`,
			`up:3:4: key "down_revision" is not in the header: the header begins in the first line of the file; remove the lines above`,
		}},
		{"comments of the script that look like keys", good + "\n-- created: by hand\n-- transaction: the order counts\n-- transaction: on\n-- revision: x\n-- lock_timeout\nSELECT 1;\n-- transaction: off\n", nil},
		{"carriage return without line feed", "-- revision: a1\rDROP TABLE x;\n-- down_revision:\n", []string{
			"up:1:14: revision: id \"a1\\rDROP TABLE x;\": forbidden character '\\r': only A-Z a-z 0-9 _ and . are allowed",
			"up:1:16: carriage return without a line feed: PostgreSQL ends the comment here; end lines with LF or CRLF",
		}},
		{"NUL and invalid UTF-8 in the header", "-- \xff m\x00\n--\n-- revision: a1\n-- down_revision:\n", []string{
			`up:1:4: invalid UTF-8: save the file as UTF-8`, `up:1:7: NUL byte: SQL cannot contain one`,
		}},
		{"columns count characters, without the byte order mark", "\ufeff-- äöü: ß\n--\n-- revision: a1\n-- down_revision: é€, x-y\n", []string{
			`up:4:19: down_revision: id "é€": forbidden character 'é': only A-Z a-z 0-9 _ and . are allowed`,
			`up:4:23: down_revision: id "x-y": forbidden character '-': only A-Z a-z 0-9 _ and . are allowed`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, problems := parse(test.up, noDown)
			checkProblems(t, problems, test.want)
		})
	}
}

func TestDownFileProblemsAreReported(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, down string
		want       []string
	}{
		{"no down file", noDown, nil},
		{"empty file", "", nil},
		{"no header", "DROP TABLE account;\n", nil},
		{"only a header", "-- revision: a1\n", nil},
		{"a comment that mentions a key", "-- this is the other transaction: it drops\n\nDROP TABLE account;\n", nil},
		{"only a comment", "-- drops: the table\n\nDROP TABLE account;\n", nil},
		{"its own options", "-- revision: a1\n-- transaction: off\n-- lock_timeout: 1s\n-- statement_timeout: 1h\n\nDROP INDEX CONCURRENTLY i;\n", nil},
		{"message and keys", "-- undo\n--\n-- transaction: off\n", nil},

		{"another id", "-- revision: a2\n", []string{`down:1:14: revision: id "a2" differs from the id "a1" in a.up.sql`}},
		{"empty id", "-- revision:\n", []string{`down:1:4: key "revision" has no value`}},
		{"keys of the up file", "-- down_revision: p\n-- branch_labels:\n-- depends_on: x\n-- created: x\n", []string{
			`down:1:4: key "down_revision" is not allowed in a down file: it belongs in the up file`,
			`down:2:4: key "branch_labels" is not allowed in a down file: it belongs in the up file`,
			`down:3:4: key "depends_on" is not allowed in a down file: it belongs in the up file`,
			`down:4:4: key "created" is not allowed in a down file: it belongs in the up file`,
		}},
		{"mistyped key", "-- transacton: off\n\nSELECT 1;", []string{
			`down:1:4: unknown key "transacton": did you mean "transaction"? (a message must be followed by a bare "--" line)`,
		}},
		{"key below the header", "-- revision: a1\n\n-- transaction: off\n-- down_revision: x\nSELECT 1;", []string{
			`down:3:4: key "transaction" is below the header: message and keys are one block of comment lines; remove the lines in between`,
		}},
		{"script", "-- revision: a1\n\nDROP TABLE a;\nCOMMIT;", []string{
			`down:4:1: COMMIT is not allowed: each revision runs in its own transaction; remove the statement`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, problems := parse(good, test.down)
			checkProblems(t, problems, test.want)
		})
	}
}

func TestProblemsAreErrors(t *testing.T) {
	t.Parallel()
	_, problems := parse("-- revision: head\n-- down_revision: a@b\n", noDown)
	err := fmt.Errorf("wrapped: %w", problems.Err())
	var all revision.Problems
	if !errors.As(err, &all) || len(all) != 2 {
		t.Errorf("errors.As found no Problems in %v", err)
	}
	var one revision.Problem
	if !errors.As(err, &one) || one.Pos != (revision.Pos{File: "a.up.sql", Line: 1, Column: 14}) {
		t.Errorf("errors.As found %+v", one)
	}
	if err := (revision.Problems{}).Err(); err != nil {
		t.Errorf("Err of no problems is %v", err)
	}
	if got := strings.Count(problems.Error(), "\n"); got != 1 {
		t.Errorf("%d line ends for two problems", got)
	}
}

func TestPosFindsWordInHeader(t *testing.T) {
	t.Parallel()
	r, problems := parse("-- ä\n--\n-- revision: a1\n-- down_revision: p1,  p2\n-- depends_on:\n", noDown)
	checkProblems(t, problems, nil)
	tests := []struct {
		key, word string
		want      string
	}{
		{"revision", "", "a.up.sql:3:14"},
		{"revision", "a1", "a.up.sql:3:14"},
		{"down_revision", "p1", "a.up.sql:4:19"},
		{"down_revision", "p2", "a.up.sql:4:24"},
		{"down_revision", "", "a.up.sql:4:19"},
		{"down_revision", "other", "a.up.sql:4:19"},
		{"depends_on", "", "a.up.sql:5:4"},
		{"branch_labels", "x", "a.up.sql:1:1"},
		{"no key", "", "a.up.sql:1:1"},
	}
	for _, test := range tests {
		if got := r.Pos(test.key, test.word).String(); got != test.want {
			t.Errorf("Pos(%q, %q) = %s, want %s", test.key, test.word, got, test.want)
		}
	}
	if got := (&revision.Revision{ID: "x"}).Pos("revision", "").String(); got != ":1:1" {
		t.Errorf("position of a revision that is not from a file: %s", got)
	}
}
