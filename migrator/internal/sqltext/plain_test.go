package sqltext

import (
	"testing"

	"pgregory.net/rapid"
)

// checkPlain fails if IsPlain is wrong about src.
func checkPlain(t rapid.TB, src string) {
	t.Helper()
	if !IsPlain(src) {
		return
	}
	statements, errs := Split(src)
	if len(errs) > 0 {
		t.Fatalf("%q is plain, but has errors: %v", src, errs)
	}
	for _, s := range statements {
		if s.Class != Ordinary {
			t.Fatalf("%q is plain, but has a statement of class %d: %s", src, s.Class, src[s.Start:s.End])
		}
	}
}

func TestIsPlainKnowsOrdinaryScripts(t *testing.T) {
	t.Parallel()
	for _, src := range []string{
		"", "SELECT 1;", "CREATE TABLE a (b text DEFAULT 'COMMIT''s', \"END\" int); -- BEGIN\n", "DO $$BEGIN COMMIT; END$$;", "SELECT $tag$a$$b$tag$, $1, a$$b, 1.5, 2 - 1, 4 / 2;",
		"-- crlf\r\nSELECT 1;\r\n", "SELECT 'ä' AS bégin; SELECT 1.0.$$end$$", "/* COMMIT; */ SELECT 1e5, 0x1F;",
	} {
		if !IsPlain(src) {
			t.Errorf("%q is not plain", src)
		}
		checkPlain(t, src)
	}
}

func TestIsPlainRefusesWhatNeedsCloserLook(t *testing.T) {
	t.Parallel()
	for _, src := range append([]string{
		"cOmMiT", "SELECT 1;commit", "-- a\rCOMMIT", "/* ", "'", "\"", "$$", "$a$ $A$", "\\", "'\\'", "\x00", "'\xff'", "1e5COMMIT", "-- \xff\n",
	}, specialWords[:]...) {
		if IsPlain(src) {
			t.Errorf("%q is plain", src)
		}
	}
}

func TestIsPlainIsNeverWrong(t *testing.T) {
	t.Parallel()
	for src := range classes {
		checkPlain(t, src)
	}
	pieces := rapid.SliceOf(rapid.SampledFrom([]string{
		"COMMIT", "begin", "END", "VACUUM", "COPY a FROM stdin", "CREATE INDEX CONCURRENTLY i ON a (b)", "CREATE", "FUNCTION f()", "BEGIN ATOMIC", "SELECT", "a", "$", "$$", "$x$", "$1", "1", "1e5", "1.", "e5",
		"'", "''", "E'", "U&'", "B'", "\"", "U&\"", "\\", "\\\\", "--", "- -", "/*", "*/", "/", ";", "(", ")", "\n", "\r", "\r\n", " ", ".", "ä", "\x00", "\xff", "@", "+", "x", "_",
	}))
	rapid.Check(t, func(t *rapid.T) {
		var src string
		for _, piece := range pieces.Draw(t, "pieces") {
			src += piece
		}
		checkPlain(t, src)
	})
}

func FuzzIsPlain(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) { checkPlain(t, src) })
}

func BenchmarkIsPlain(b *testing.B) {
	b.SetBytes(int64(len(ordinary)))
	for b.Loop() {
		if !IsPlain(ordinary) {
			b.Fatal("not plain")
		}
	}
}
