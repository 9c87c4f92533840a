package revision

import (
	"testing"

	"pgregory.net/rapid"

	"example.com/ambix/migrator/internal/sqltext"
)

// trueCheck is check without the short cut.
func trueCheck(text string) []finding {
	// A script without a transaction takes no short cut; a statement that is refused in
	// a transaction alone shows in its class.
	var found []finding
	statements, errs := sqltext.Split(text)
	for _, err := range errs {
		found = append(found, finding{err.Offset, err.Message})
	}
	for _, st := range statements {
		if text := refusal(st, true); text != "" {
			found = append(found, finding{st.Start, text})
		}
	}
	return found
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "SELECT 1;", "CREATE TABLE a (b text DEFAULT 'COMMIT''s', \"END\" int); -- BEGIN\n", "DO $$BEGIN COMMIT; END$$;", "SELECT $tag$a$$b$tag$, $1, a$$b, 1.5, 2 - 1, 4 / 2;",
		"-- crlf\r\nSELECT 1;\r\n", "SELECT 'ä' AS bégin; SELECT 1.0.$$end$$",
	} {
		if !harmless(text, 0) {
			t.Errorf("%q takes the long way", text)
		}
		if found := trueCheck(text); len(found) > 0 {
			t.Errorf("%q has problems: %v", text, found)
		}
	}
	for _, text := range []string{
		"END", "COPY", "BEGIN", "START", "ABORT", "COMMIT", "VACUUM", "SYSTEM", "PREPARE", "DISCARD", "REINDEX", "CLUSTER", "ROLLBACK", "DATABASE", "TABLESPACE", "TRANSACTION",
		"CONCURRENTLY", "SUBSCRIPTION", "cOmMiT", "SELECT 1;commit", "-- a\rCOMMIT", "/* */", "'", "\"", "$$", "$a$ $A$", "$a", "\\", "'\\'", "\x00", "'\xff'", "1e5$$COMMIT$$", "1.e5$$ $$", "1_0", "0x1",
	} {
		if harmless(text, 0) {
			t.Errorf("%q takes the short cut", text)
		}
	}
	if harmless("\x00SELECT 1", 1) || harmless("\xffSELECT 1", 1) {
		t.Error("bytes of the header are overlooked")
	}
}

// What is called harmless never has a problem.
func checkHarmless(t rapid.TB, text string) {
	if harmless(text, 0) {
		if found := trueCheck(text); len(found) > 0 {
			t.Fatalf("%q is called harmless, but has %v", text, found)
		}
	}
}

func TestHarmlessNeverWrong(t *testing.T) {
	t.Parallel()
	pieces := rapid.SliceOf(rapid.SampledFrom([]string{
		"COMMIT", "begin", "END", "VACUUM", "COPY a FROM stdin", "CREATE INDEX CONCURRENTLY i ON a (b)", "CREATE", "FUNCTION f()", "BEGIN ATOMIC", "SELECT", "a", "$", "$$", "$x$", "$1", "1", "1e5", "1.", "e5",
		"'", "''", "E'", "U&'", "B'", "\"", "U&\"", "\\", "\\\\", "--", "- -", "/*", "*/", "/", ";", "(", ")", "\n", "\r", "\r\n", " ", ".", "ä", "\x00", "\xff", "@", "+", "x", "_",
	}))
	rapid.Check(t, func(t *rapid.T) {
		var text string
		for _, piece := range pieces.Draw(t, "pieces") {
			text += piece
		}
		checkHarmless(t, text)
	})
}

func FuzzHarmless(f *testing.F) {
	for _, text := range []string{"SELECT 1; COMMIT", "SELECT $$a$$, 'b', \"c\" -- d\n;VACUUM", "1e5$$ $$;COMMIT", "U&'x' UESCAPE '!'", "/* */ $1$$COMMIT$$"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkHarmless(t, text) })
}

// Positions are those of sqltext.
func TestLocate(t *testing.T) {
	t.Parallel()
	letters := rapid.SampledFrom([]rune("ab ä€🙂\ufeff\n\r\t"))
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(letters).Draw(t, "text"))
		if rapid.Bool().Draw(t, "mark") {
			text = bom + text
		}
		var found []finding
		for i := range text + "x" {
			if rapid.Bool().Draw(t, "here") && (i == 0 || i == len(text) || text[i-1] != '\r' || text[i] != '\n') {
				found = append(found, finding{i, "x"}, finding{i, "y"})
			}
		}
		for i, p := range locate("f", text, found) {
			if want := sqltext.PositionAt(text, found[i].offset); p.Line != want.Line || p.Column != want.Column {
				t.Fatalf("offset %d of %q is at %v, want %v", found[i].offset, text, p.Pos, want)
			}
		}
	})
}
