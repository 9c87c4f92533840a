package rehearse

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSizesAreReadAsTheyWereWritten(t *testing.T) {
	s := &Sizes{Database: "store", At: time.Date(2022, 2, 14, 0, 0, 0, 0, time.UTC), Applied: []string{"a1"}, Tables: map[string]Size{"public.account": {true, 8192, 3}, `public."A b"`: {true, 0, 0}}}
	got, err := ParseSizes(s.Marshal())
	if err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = ParseSizes((&Sizes{}).Marshal()); err != nil || got.Applied == nil || got.Tables == nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWrongSizesAreExplained(t *testing.T) {
	for text, want := range map[string]string{
		"":   "it is not a file of table sizes: it is empty",
		"[]": "it is not a file of table sizes: cannot unmarshal array",
		"{}": "format is missing",
		`{"format":"ambix sizes 2","applied":[],"tables":{},"more":1}`:                             `its format is "ambix sizes 2", and this version reads "ambix sizes 1"`,
		`{"format":"ambix sizes 1"}`:                                                               "applied or tables is missing",
		`{"format":"ambix sizes 1","applied":[],"tables":{"public.t":{}}}`:                         "table public.t: bytes is missing",
		`{"format":"ambix sizes 1","applied":[],"tables":{"public.t":{"bytes":-1}}}`:               "table public.t: bytes is missing, or a number is negative",
		`{"format":"ambix sizes 1","applied":[],"tables":{}}{}`:                                    "there is something after the document",
		`{"format":"ambix sizes 1","applied":[],"tables":{"public.t":{"bytes":99999999999999999}}`: "it ends too early",
	} {
		if _, err := ParseSizes([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
}

func TestSizesAreWrittenWithTwoDigits(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 8192: "8 kB", 12_300_000: "12 MB", 10 << 30: "10 GB", 1_700_000_000: "1.6 GB", 5 << 50: "5120 TB"} {
		if got := formatBytes(n); got != want {
			t.Errorf("%d: %s, not %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{1: "1 row", 999: "999 rows", 1500: "1.5 thousand rows", 52_000_000: "52 million rows", 3_000_000_000: "3 billion rows"} {
		if got := formatRows(n); got != want {
			t.Errorf("%d: %s, not %s", n, got, want)
		}
	}
}
