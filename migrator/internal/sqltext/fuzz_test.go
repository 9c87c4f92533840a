package sqltext

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// All fuzz targets have the same seeds, so that what was found by one is tried by all.
func addSeeds(f *testing.F) {
	for _, src := range corpus {
		f.Add(src)
	}
	f.Add(everyKind)
}

func FuzzTokens(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		checkTokens(t, src)
	})
}

func FuzzSplit(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		checkSplit(t, src)
		statements, errs := Split(src)
		for _, s := range statements {
			SettingName(src, s)
		}
		if !utf8.ValidString(src) && len(errs) == 0 {
			t.Fatalf("no error for invalid UTF-8 in %q", src)
		}
		for _, e := range errs {
			if !utf8.ValidString(e.Message) || strings.ContainsRune(e.Message, '\n') {
				t.Fatalf("message of %q: %q", src, e.Message)
			}
		}
	})
}

// FuzzChecksum adds and removes white space between tokens, except for meta-commands and rows, in which line ends are
// significant.
func FuzzChecksum(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, src string) {
		statements, errs := Split(src)
		if len(errs) > 0 || slices.ContainsFunc(statements, func(s Statement) bool { return s.Class == CopyIn }) {
			return
		}
		wide, narrow := "", ""
		for token := range Tokens(src) {
			text := src[token.Start:token.End]
			switch token.Kind {
			case MetaCommand:
				return
			case Space, Comment:
				narrow += " "
				if token.Start > 0 {
					wide += " /* ; ' */\t"
				}
				wide += text + "\n"
			default:
				narrow += text
				if token.Start > 0 {
					wide += " "
				}
				wide += text
			}
		}
		want := Checksum(src)
		if got := Checksum(wide); got != want {
			t.Fatalf("white space added to %q: %q", src, wide)
		}
		if got := Checksum(narrow); got != want {
			t.Fatalf("white space taken from %q: %q", src, narrow)
		}
	})
}

func FuzzPositionAt(f *testing.F) {
	for _, src := range corpus {
		f.Add(src, len(src)/2)
	}
	f.Fuzz(func(t *testing.T, src string, offset int) {
		at := PositionAt(src, offset)
		line := Line(src, at.Line)
		if at.Line < 1 || at.Column < 1 || at.Column > utf8.RuneCountInString(line)+1 || strings.ContainsAny(line, "\r\n") {
			t.Fatalf("offset %d of %q is %+v, its line %q", offset, src, at, line)
		}
	})
}
