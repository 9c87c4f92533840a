package session

import (
	"fmt"
	"slices"
	"testing"

	"example.com/ambix/migrator/internal/apply"
	"example.com/ambix/migrator/internal/plan"
)

// What is left of a long plan after a lost connection is found by looking at each step once,
// however much of it is done.
func TestLeftStepsAreFoundInLinearTime(t *testing.T) {
	t.Parallel()
	const n = 1000
	var steps []plan.Step
	var done []apply.Result
	var want []string
	for i := range n {
		s := plan.Step{Direction: plan.Up, Revision: fmt.Sprint("r", i)}
		steps = append(steps, s)
		if i%2 == 0 {
			finished := s
			done = append(done, apply.Result{Step: &finished})
			s.Direction = plan.Down // another step of the same revision
			steps = append(steps, s)
		}
		want = append(want, stepKey(s))
	}
	looks := 0
	left := without(steps, done, func(s plan.Step) string { looks++; return stepKey(s) })
	var got []string
	for _, s := range left {
		got = append(got, stepKey(s))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if most := len(steps) + len(done); looks > most {
		t.Errorf("%d looks at %d steps and results", looks, most)
	}
}
