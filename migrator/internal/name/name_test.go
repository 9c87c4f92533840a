package name

import (
	"strings"
	"testing"
)

func TestCheckFindsFault(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Fault{
		"a":                            None,
		"2f7e5c9ad810":                 None,
		"v1.2_x":                       None,
		"HEAD":                         None,
		"headless":                     None,
		strings.Repeat("a", 64):        None,
		"":                             BadLength,
		strings.Repeat("a", 65):        BadLength,
		"a-b":                          BadCharacter,
		"a b":                          BadCharacter,
		"ä":                            BadCharacter,
		"a@" + strings.Repeat("a", 99): BadCharacter,
		"head":                         ReservedWord,
		"heads":                        ReservedWord,
		"base":                         ReservedWord,
		"current":                      ReservedWord,
	} {
		if got, text := Check(name); got != want || (text == "") != (want == None) {
			t.Errorf("Check(%q) = %d, %q, want %d", name, got, text, want)
		}
	}
}
