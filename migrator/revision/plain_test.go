package revision

import "testing"

func TestPlainScript(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT;": "",
		"SELECT 1;\n\\connect store\nSELECT 'x":                "dump.sql:2:1: psql meta-command \\connect: only \\restrict and \\unrestrict are allowed\ndump.sql:3:8: unterminated string: ' is missing",
		"-- \xe9\nSELECT 1;":                                   "dump.sql:1:4: invalid UTF-8: save the file as UTF-8",
		"\xff\xfeS\x00E\x00L\x00E\x00":                         "dump.sql:1:1: the file is UTF-16; save it as UTF-8",
	} {
		script, problems := PlainScript(Source{"dump.sql", sql})
		if got := problems.Error(); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", sql, got, want)
		}
		if want == "" && len(script.Statements()) != 3 {
			t.Errorf("%d statements", len(script.Statements()))
		}
	}
}
