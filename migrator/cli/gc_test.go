package cli

import (
	"runtime"
	"runtime/debug"
	"testing"

	"example.com/ambix/migrator/internal/pgtest"
)

func TestGrowthOfTheHeapIsLimited(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 100, 4 << 20: 100, 8 << 20: 100, 16 << 20: 50, 32 << 20: 25, 200 << 20: 15, 1 << 40: 15} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d bytes in use: %d %%, want %d", live, got, want)
		}
	}
}

// It changes a setting of the process, so it does not run in parallel.
func TestEachCollectionSetsTheNext(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	percent := func() int {
		p := debug.SetGCPercent(100)
		debug.SetGCPercent(p)
		return p
	}
	setGCPercent(400)
	if got := percent(); got != 400 {
		t.Fatalf("%d %%", got)
	}
	kept := make([]byte, 256<<20)
	defer runtime.KeepAlive(kept)
	pgtest.Eventually(t, "the least percentage with 256 MiB in use", func() bool {
		runtime.GC()
		return percent() == leastPercent
	})
}
