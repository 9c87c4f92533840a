package cli

import (
	"os"
	"runtime"
	"runtime/debug"
)

// delayGC delays the first garbage collection until the heap has 16 MiB, four times the
// default: a run with nothing to do, the most common one, ends before. After it the
// default applies. It does nothing if GOGC is set.
func delayGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	const usual = 100 // percent
	debug.SetGCPercent(4 * usual)
	runtime.AddCleanup(new([32]byte), func(percent int) { debug.SetGCPercent(percent) }, usual)
}
