package rehearse

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"example.com/ambix/migrator/schema"
)

// Size is the size of a table, or of a partitioned table with its partitions. The zero value is not known.
type Size struct {
	Known bool
	Bytes int64 // with its TOAST table, without its indexes
	Rows  int64 // an estimate; 0 if there is none
}

// Sizes are those of the tables of a real database.
type Sizes struct {
	Database string    // its name
	At       time.Time // when they were read
	// Applied are its maximal applied revisions, sorted.
	Applied []string
	// Tables are its tables and materialized views, by their names as Finding.Object.
	Tables map[string]Size
}

// The sizes from which work on a table is noticed, and from which it is an outage.
const (
	Small = 50 << 20 // below, work on all rows of a table is a matter of a second
	Large = 1 << 30
)

// of returns the size of a relation, and whether the real database does not have it yet, so that nobody uses it. If s is nil
// nothing is known.
func (s *Sizes) of(r Relation) (size Size, isNew bool) {
	switch {
	case s == nil:
		return Size{}, false
	case r.Original == "":
		return Size{Known: true}, true
	}
	return s.Tables[r.Original], false
}

// Unsized returns the tables of the real database that steps lock, work on or change, and whose size is not among the sizes,
// sorted. Nil if no sizes are known.
func Unsized(steps []Step, sizes *Sizes) []string {
	if sizes == nil {
		return nil
	}
	found := map[string]bool{}
	note := func(r Relation) {
		kind := r.Kind == Table || r.Kind == PartitionedTable || r.Kind == MaterializedView
		if size, isNew := sizes.of(r); kind && !isNew && !size.Known {
			found[r.Original] = true
		}
	}
	for _, step := range steps {
		for _, st := range step.Statements {
			for _, l := range st.Locks {
				if l.Mode.Blocks() != schema.BlocksNothing {
					note(l.Relation)
				}
			}
			for _, w := range st.Work {
				note(w.Relation)
			}
			for _, c := range st.Changes {
				note(c.Relation)
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// empty reports whether the table is known to have no rows.
func (s Size) empty() bool { return s.Known && s.Bytes == 0 }

// severity returns how much it matters that others wait while all rows are read or written.
func (s Size) severity() Severity {
	switch {
	case !s.Known:
		return Warning
	case s.Bytes < Small:
		return Note
	case s.Bytes < Large:
		return Warning
	}
	return Danger
}

// whySeverity is describe for a finding with that severity.
func (s Size) whySeverity(table string) string {
	if !s.Known {
		return "it is a warning because the size of " + table + " is not known: it would be a note below " + formatBytes(Small) + ", and a danger from " + formatBytes(Large)
	}
	return s.describe(table)
}

// whyUsed is describe for a finding that is a danger if the table has rows.
func (s Size) whyUsed(table string) string {
	if !s.Known {
		return "it is a warning because the size of " + table + " is not known: it would be a danger if the table has rows"
	}
	return s.describe(table)
}

// weight orders sizes. One that is not known may be large.
func (s Size) weight() int64 {
	if !s.Known {
		return Large
	}
	return s.Bytes
}

// describe returns a sentence about the size of a table.
func (s Size) describe(table string) string {
	switch {
	case !s.Known:
		return "the size of " + table + " is not known"
	case s.empty():
		return table + " is empty"
	case s.Rows <= 0:
		return table + " has " + formatBytes(s.Bytes)
	}
	return table + " has " + formatBytes(s.Bytes) + ", about " + formatRows(s.Rows)
}

// formatBytes returns a number of bytes with two digits, such as 10 GB.
func formatBytes(n int64) string {
	value, unit := float64(n), 0
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	for value >= 1024 && unit < len(units)-1 {
		value /= 1024
		unit++
	}
	return roundTwo(value) + " " + units[unit]
}

// formatRows returns a number of rows with two digits, such as 1.2 million rows.
func formatRows(n int64) string {
	switch {
	case n == 1:
		return "1 row"
	case n < 1000:
		return strconv.FormatInt(n, 10) + " rows"
	case n < 1_000_000:
		return roundTwo(float64(n)/1000) + " thousand rows"
	case n < 1_000_000_000:
		return roundTwo(float64(n)/1_000_000) + " million rows"
	}
	return roundTwo(float64(n)/1_000_000_000) + " billion rows"
}

func roundTwo(f float64) string {
	if f < 9.95 && f != float64(int64(f)) {
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.0f", f)
}
