package main

import (
	"syscall"
	"time"
)

// pause waits more exactly than time.Sleep, which rounds up to milliseconds when a
// program does nothing but wait for the network.
func pause(d time.Duration) {
	if d > 0 {
		t := syscall.NsecToTimespec(int64(d))
		_ = syscall.Nanosleep(&t, nil)
	}
}
