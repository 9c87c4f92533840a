package session

import (
	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
)

// Connecting reports a failed attempt to connect that will be repeated.
type Connecting struct {
	apply.Base
	Err error
}

// Planned reports the plan of a run. Later plans contain what is left of it.
type Planned struct {
	apply.Base
	Plan plan.Plan
}

// Modified reports an applied revision whose file was modified.
type Modified struct {
	apply.Base
	Change plan.Change
}

// Unfinished reports an unfinished revision when there is nothing else to do.
type Unfinished struct {
	apply.Base
	Unfinished plan.Unfinished
}

// Drifted reports that the schema is not what the last run left, before this one changes it.
type Drifted struct {
	apply.Base
	Change SchemaChange
}

// Uncompared reports that nobody knows whether the schema is what the last run left.
type Uncompared struct {
	apply.Base
	Drift *Drift
}

// Lost reports a lost connection; the run connects again and looks what happened.
type Lost struct {
	apply.Base
	Err error
}
