package revision_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"example.com/ambix/migrator/revision"
)

func TestCheckIDExplainsInvalidIDs(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"a", "433af9f41996", "1", "a.b_C", ".", strings.Repeat("x", 64), "Head", "current_1"} {
		if err := errors.Join(revision.CheckID(id), revision.CheckLabel(id)); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	for id, want := range map[string]string{
		"":        `id "": must not be empty`,
		"a b":     `id "a b": forbidden character ' ': only A-Z a-z 0-9 _ and . are allowed`,
		"a+1":     `id "a+1": forbidden character '+': only A-Z a-z 0-9 _ and . are allowed`,
		"a\xff":   `id "a\xff": forbidden character '�': only A-Z a-z 0-9 _ and . are allowed`,
		"heads":   `id "heads": reserved word: head, heads, base and current have a special meaning`,
		"current": `id "current": reserved word: head, heads, base and current have a special meaning`,
	} {
		var ne *revision.NameError
		if err := revision.CheckID(id); !errors.As(err, &ne) || err.Error() != want {
			t.Errorf("%q: %v\nwant %s", id, err, want)
		}
	}
	if err := revision.CheckLabel("base"); err == nil || !strings.HasPrefix(err.Error(), "label ") {
		t.Errorf("label base: %v", err)
	}
}

func TestNewIDIsUnusedHex(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 20_000 {
		id := revision.NewID(func(id string) bool { return seen[id] })
		if !shape.MatchString(id) || !strings.ContainsAny(id, "abcdf") || seen[id] || revision.CheckID(id) != nil {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
	refused := 0
	revision.NewID(func(string) bool { refused++; return refused < 5 })
	if refused != 5 {
		t.Errorf("asked %d times", refused)
	}
	if id := revision.NewID(nil); !shape.MatchString(id) {
		t.Errorf("id %q", id)
	}
}

func TestSlugIsReadableAndShort(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"":                          "",
		"create account table":      "create_account_table",
		"  Create  Account-Table! ": "create_account_table",
		"add email\nand more":       "add_email",
		"C'est l'été":               "c_est_l_été",
		"../../etc/passwd":          "etc_passwd",
		"создать таблицу":           "создать_таблицу",
		"日本語":                       "日本語",
		"🙂":                         "",
		"v1.2 (final)":              "v1_2_final",
		"one two three four five six seven eight nine": "one_two_three_four_five_six_seven_eight",
		"abcdefghij abcdefghij abcdefghij abcdefg x":   "abcdefghij_abcdefghij_abcdefghij_abcdefg",
		strings.Repeat("x", 50):                        strings.Repeat("x", 40),
		strings.Repeat("é", 41):                        strings.Repeat("é", 40),
	} {
		if got := revision.Slug(message); got != want {
			t.Errorf("%q is %q, want %q", message, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		slug := revision.Slug(rapid.String().Draw(t, "message"))
		if utf8.RuneCountInString(slug) > 40 || strings.ContainsAny(slug, "./\\ -") || strings.HasPrefix(slug, "_") || strings.HasSuffix(slug, "_") {
			t.Fatalf("slug %q", slug)
		}
	})
}

func TestFileStemBeginsWithDateInUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2021, 11, 20, 23, 30, 0, 0, time.FixedZone("", -5*3600))
	if got, want := revision.FileStem("433af9f41996", "create account table", at), "2021-11-21_433af9f41996_create_account_table"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := revision.FileStem("a1", "", at), "2021-11-21_a1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
