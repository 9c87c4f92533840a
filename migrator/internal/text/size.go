package text

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Size returns a number of bytes with a unit of PostgreSQL: a kB has 1024 bytes. It is rounded down to the last digit.
func Size(bytes int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	unit, value := 0, bytes
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	shown := strconv.FormatInt(value, 10)
	if unit > 0 && value < 10 {
		below := bytes >> (10 * (unit - 1)) & 1023 // in the unit below
		if tenths := below * 10 / 1024; tenths > 0 {
			shown += "." + strconv.FormatInt(tenths, 10)
		}
	}
	return shown + " " + units[unit]
}

// FormatSize returns a size as ParseSize reads it, without rounding.
func FormatSize(bytes int64) string {
	if bytes == 0 {
		return "0"
	}
	units := []string{"B", "kB", "MB", "GB", "TB"}
	unit := 0
	for bytes%1024 == 0 && unit < len(units)-1 {
		bytes, unit = bytes/1024, unit+1
	}
	return strconv.FormatInt(bytes, 10) + units[unit]
}

// ParseSize returns the number of bytes of a size such as 500MB or 10GB, with the units of PostgreSQL, in which a kB has 1024
// bytes. Upper and lower case are the same, and so are kB and KiB. 0 needs no unit.
func ParseSize(s string) (int64, error) {
	invalid := errors.New(Quote(s) + " must be a size such as 500MB or 10GB; the units are B, kB, MB, GB and TB")
	end := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	if end < 0 {
		if n, err := strconv.ParseUint(s, 10, 64); err == nil && n == 0 {
			return 0, nil
		}
		return 0, invalid
	}
	number, err := strconv.ParseFloat(s[:end], 64)
	unit := strings.ToLower(strings.TrimLeft(s[end:], " "))
	shift, known := map[string]int{"b": 0, "kb": 10, "kib": 10, "mb": 20, "mib": 20, "gb": 30, "gib": 30, "tb": 40, "tib": 40}[unit]
	bytes := number * math.Pow(2, float64(shift))
	if err != nil || !known {
		return 0, invalid
	}
	if bytes >= math.MaxInt64 {
		return 0, errors.New(Quote(s) + " is too large: it must be less than 8388608TB")
	}
	return int64(bytes), nil
}
