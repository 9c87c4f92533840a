package pgtest

import (
	"testing"
	"time"
)

// Patience is how long a test waits for what must happen. It only ends a test that would hang, so it is longer than anything
// takes on a machine that is busy with other work: what a test proves must not depend on it.
const Patience = 3 * time.Minute

// Eventually waits until a condition holds. The test fails if it does not within Patience; what says what was awaited.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	pause := 5 * time.Millisecond
	for deadline := time.Now().Add(Patience); !condition(); time.Sleep(pause) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s still not: %s", Patience, what)
		}
		pause = min(2*pause, 50*time.Millisecond)
	}
}
