package cli

import (
	"os"
	"runtime"
	"runtime/debug"
)

// Go lets the heap grow to twice what is in use before it collects garbage. That is much for a program that knows thousands
// of revisions and runs in a container of 64 MiB, so with a larger heap the growth is limited. The first collection, on the
// other hand, is delayed: a run with nothing to do, the most common one, ends before.
const (
	firstGC      = 16 << 20 // heap size in bytes
	gcRoom       = 8 << 20  // growth in bytes of a larger heap
	usualPercent = 100      // Go's default for GOGC
	leastPercent = 15       // collecting more often would take too much time
	smallestHeap = 4 << 20  // heap size of the first collection with the default
)

// tuneGC sets when garbage is collected, as long as the program runs. It does nothing if GOGC is set.
func tuneGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	setGCPercent(usualPercent * firstGC / smallestHeap)
}

// setGCPercent sets the GOGC for the next collection. After it, what it has left decides.
func setGCPercent(percent int) {
	debug.SetGCPercent(percent)
	runtime.AddCleanup(new([32]byte), func(percent int) {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		setGCPercent(gcPercent(stats.NextGC * 100 / uint64(100+percent))) // NextGC is what is in use, and the percentage of that
	}, percent)
}

// gcPercent returns the GOGC for a heap with so many bytes in use.
func gcPercent(live uint64) int {
	if live <= gcRoom {
		return usualPercent
	}
	return max(leastPercent, int(usualPercent*gcRoom/live))
}
