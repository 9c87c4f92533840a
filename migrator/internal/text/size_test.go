package text

import "testing"

func TestSizesAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "0B": 0, "8kB": 8 << 10, "500MB": 500 << 20, "1GB": 1 << 30, "10GiB": 10 << 30, "2tb": 2 << 40, "1.5 GB": 3 << 29, "1024B": 1024, "8000TB": 8000 << 40,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
		if got, err := ParseSize(FormatSize(want)); err != nil || got != want {
			t.Errorf("%d is %s", want, FormatSize(want))
		}
	}
	for _, text := range []string{"", "1", "GB", "-1GB", "1 G B", "10XB", "1e3MB", "1..5GB", ".", "9000000TB", "1GB ", "٣GB", "0x1GB", "inf"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
	if _, err := ParseSize("99999999TB"); err == nil || err.Error() != `"99999999TB" is too large: it must be less than 8388608TB` {
		t.Error(err)
	}
}

func TestSizeIsThatOfPostgreSQL(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{
		0: "0 bytes", 1023: "1023 bytes", 1024: "1 kB", 8191: "7.9 kB", 1<<20 - 1: "1023 kB", 1 << 20: "1 MB", 3 << 19: "1.5 MB", 12 << 30: "12 GB", 5000 << 40: "5000 TB",
	} {
		if got := Size(bytes); got != want {
			t.Errorf("%d: %s, want %s", bytes, got, want)
		}
	}
}
