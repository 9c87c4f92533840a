package main

import (
	"syscall"
	"time"
)

// pause is more precise than time.Sleep, which rounds up to milliseconds in a program that
// otherwise only waits for the network.
func pause(d time.Duration) {
	if d > 0 {
		t := syscall.NsecToTimespec(int64(d))
		_ = syscall.Nanosleep(&t, nil)
	}
}
