package importer

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.com/ambix/migrator/revision"
)

func TestVersionTime(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"20211120191701":      "2021-11-20T19:17:01Z",
		"202111201917":        "2021-11-20T19:17:00Z",
		"20211120":            "2021-11-20T00:00:00Z",
		"1637435821":          "2021-11-20T19:17:01Z",
		"1637435821123":       "2021-11-20T19:17:01.123Z",
		"1637435821123456789": "2021-11-20T19:17:01.123456789Z",
		"202111201917010000":  "2021-11-20T19:17:01Z",
		"20211120191701123":   "2021-11-20T19:17:01Z",
		"000000000000000012":  "",
		"9999999999999999":    "",
		"1":                   "",
		"000001":              "",
		"00000012":            "",
		"20211399":            "",
		"20211120256161":      "",
		"0000000012":          "",
		"99999999999999":      "",
		"9999999999999999999": "",
	} {
		have := ""
		if at := versionTime(version); !at.IsZero() {
			have = at.Format(time.RFC3339Nano)
		}
		if have != want {
			t.Errorf("%s: %q, want %q", version, have, want)
		}
	}
}

func TestNumbered(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"00001_create_account":           "1 create_account",
		"20211120191701_x":               "20211120191701 x",
		"1_":                             "1 ",
		"create_account":                 "",
		"0_nothing":                      "",
		"00001":                          "",
		"1a_x":                           "",
		"_x":                             "",
		"99999999999999999999_too_large": "",
	} {
		have := ""
		if version, name, ok := numbered(base); ok {
			have = version + " " + name
		}
		if have != want {
			t.Errorf("%s: %q, want %q", base, have, want)
		}
	}
}

// Derived ids have the form of new ones and do not depend on other migrations unless two
// collide.
func TestDerivedIDsAreValidAndStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.StringMatching(`[0-9]{1,14}`).Draw(t, "version")
		name := rapid.String().Draw(t, "name")
		id := deriveID("goose", version, name, map[string]bool{})
		if revision.CheckID(id) != nil || len(id) != 12 || !strings.ContainsAny(id, "abcdf") {
			t.Fatalf("bad id %q", id)
		}
		if again := deriveID("goose", version, name, map[string]bool{}); again != id {
			t.Fatalf("%s, then %s", id, again)
		}
		if other := deriveID("goose", version, name, map[string]bool{id: true}); other == id {
			t.Fatalf("%s is taken", id)
		}
		if other := deriveID("tern", version, name, map[string]bool{}); other == id {
			t.Fatalf("two tools have %s", id)
		}
	})
}

func TestSubstituteLikeGoose(t *testing.T) {
	t.Parallel()
	data := map[string]string{"NAME": "shop", "EMPTY": "", "Größe_1": "xl"}
	for _, c := range []struct {
		line, want string
		unknown    []string
	}{
		{"a ${NAME} b $NAME.c $NAMES", "a shop b shop.c $NAMES", []string{"$NAMES"}},
		{"${NAME:-x} ${NAME-x} ${NO:-x} ${NO-x} ${NO:-}", "shop shop x x ", nil},
		{"[${EMPTY}] [${EMPTY:-x}] [${EMPTY-x}]", "[] [x] []", nil},
		{"$Größe_1", "xl", nil},
		{`$$ \$NAME \\$NAME $(NAME)`, `$ $NAME \\shop $(NAME)`, nil},
		{"$1 $ 5$", "$1 $ 5$", nil},
		{"${NO} ${NO} ${NAME?x} ${NAME:0:2}", "${NO} ${NO} ${NAME?x} ${NAME:0:2}", []string{"${NO}", "${NAME?x}", "${NAME:0:2}"}},
		{"nothing", "nothing", nil},
	} {
		if line, unknown := substitute(c.line, data); line != c.want || !slices.Equal(unknown, c.unknown) {
			t.Errorf("%s: %q, %q", c.line, line, unknown)
		}
	}
}
