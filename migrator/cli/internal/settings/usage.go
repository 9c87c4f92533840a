package settings

import "example.com/ambix/migrator"

// KindUsage is the kind of a UsageError.
const KindUsage migrator.Kind = "usage"

// UsageError reports a mistake in a command line.
type UsageError struct {
	Text string
}

func (e *UsageError) Error() string { return e.Text }

// Kind returns KindUsage.
func (e *UsageError) Kind() migrator.Kind { return KindUsage }
