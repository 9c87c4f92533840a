package cli

import (
	"os"
	"runtime"
	"runtime/debug"
)

// delayCollection puts the first garbage collection off until the heap has 16 MiB, four
// times what is usual: a run that has nothing to do, which is what most containers start,
// is over before. From then on all is as usual. Who sets GOGC decides instead.
func delayCollection() {
	if os.Getenv("GOGC") != "" {
		return
	}
	const usual = 100 // percent
	debug.SetGCPercent(4 * usual)
	runtime.AddCleanup(new([32]byte), func(percent int) { debug.SetGCPercent(percent) }, usual)
}
