package sqltext

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestQuoteName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"a": `"a"`, "A b": `"A b"`, `a"b"`: `"a""b"""`, "": `""`, `\é`: `"\é"`} {
		if got := QuoteName(name); got != want {
			t.Errorf("QuoteName(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestQuoteString(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"": "''", "it's": "'it''s'", `a\'b`: `E'a\\''b'`, `"x"`: `'"x"'`} {
		got := QuoteString(s)
		if l := (lexer{src: got + ","}); got != want {
			t.Errorf("QuoteString(%q) = %s, want %s", s, got, want)
		} else if token, _ := l.next(); token.Kind != String || token.End != len(got) {
			t.Errorf("%s is not one token", got)
		}
	}
}

func TestQuoteLiteral(t *testing.T) {
	t.Parallel()
	for s, tag := range map[string]string{
		"":                            "$ambix1$",
		"it's \\ \n":                  "$ambix1$",
		"$$ $":                        "$ambix1$",
		"$ambix1$":                    "$ambix2$",
		"$ambix1":                     "$ambix2$",
		"$ambix$":                     "$ambix1$",
		"$ambix12$":                   "$ambix1$",
		"$ambix2$ambix1":              "$ambix3$",
		"$ambix1$ $ambix2 $ambix3x":   "$ambix4$",
		"$ambix01$":                   "$ambix1$",
		strings.Repeat("$ambix1$", 3): "$ambix2$",
	} {
		if got := QuoteLiteral(s); got != tag+s+tag {
			t.Errorf("QuoteLiteral(%q) = %s, want the tag %s", s, got, tag)
		}
		checkLiteral(t, s)
	}
}

func TestQuotedTextIsOneToken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"$ambix", "$", "1", "2", "x", "'", `"`, "é"})).Draw(t, "pieces"), "")
		checkLiteral(t, s)
	})
}

// checkLiteral reads the quoted forms of s back.
func checkLiteral(t interface{ Fatalf(string, ...any) }, s string) {
	l := lexer{src: QuoteLiteral(s) + "x"}
	token, _ := l.next()
	text := l.src[:token.End]
	tag := text[:strings.IndexByte(text[1:], '$')+2]
	if token.Kind != Dollar || token.End != len(l.src)-1 || text[len(tag):len(text)-len(tag)] != s {
		t.Fatalf("QuoteLiteral(%q) = %s, read back as %s", s, l.src[:len(l.src)-1], text)
	}
	l = lexer{src: QuoteName(s) + "x"}
	token, _ = l.next()
	if token.Kind != QuotedName || token.End != len(l.src)-1 || strings.ReplaceAll(l.src[1:token.End-1], `""`, `"`) != s {
		t.Fatalf("QuoteName(%q) = %s", s, l.src[:len(l.src)-1])
	}
}
