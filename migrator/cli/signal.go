package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// signalError is the cause of a context that a signal has canceled.
type signalError struct{ signal os.Signal }

func (e signalError) Error() string { return e.signal.String() + " signal received" }

// Is reports that a signal is a cancellation, as with signal.NotifyContext.
func (e signalError) Is(target error) bool { return target == context.Canceled }

func (e signalError) code() int {
	if e.signal == syscall.SIGTERM {
		return exitTerminated
	}
	return exitInterrupted
}

// withSignals returns a context that the first SIGINT or SIGTERM cancels. A second signal
// has the effect it has without this package.
func (p *program) withSignals(parent context.Context) (context.Context, func()) {
	if parent == nil {
		parent = context.Background()
	}
	if p.handlesSignals {
		return parent, func() {}
	}
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		defer signal.Stop(signals)
		for {
			select {
			case s := <-signals:
				if s == os.Interrupt && p.editing.Load() {
					continue
				}
				cancel(signalError{s})
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() { cancel(errFinished) }
}

var errFinished = errors.New("the command has ended")

// signalCode returns the exit code for the signal that caused an error; ok is false if a
// canceled context is not among the causes. The cause that signal.NotifyContext sets has
// no exported type, only a text.
func signalCode(err error) (code int, ok bool) {
	if s, ok := errors.AsType[signalError](err); ok {
		return s.code(), true
	}
	ok = errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.HasPrefix(e.Error(), "terminated signal") {
			return exitTerminated, ok
		}
	}
	return exitInterrupted, ok
}
