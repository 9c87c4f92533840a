package pgtest

import (
	"bytes"
	"slices"
)

// Direction is the direction of data.
type Direction uint8

const (
	// ToServer is from client to server.
	ToServer Direction = iota
	// ToClient is from server to client.
	ToClient
)

// Action is the effect of a fault.
type Action uint8

const (
	// Cut closes the connection on both sides.
	Cut Action = iota
	// Reset closes the connection on both sides with a TCP reset.
	Reset
	// HalfClose ends the stream in the fault's direction only.
	HalfClose
	// Stall stops forwarding in the fault's direction, without closing anything.
	Stall
	// Hold closes the connection to the client only. What the client has sent reaches the server
	// after Clear, late.
	Hold
	// Watch has no effect except that the fault's channel is closed.
	Watch
)

// Fault is an action at a position in the stream of a connection, a byte or a message. The
// zero value cuts the next new connection before anything reaches the server.
type Fault struct {
	Direction Direction
	// After is the number of bytes that pass in this direction first, from the start of the
	// connection. It is ignored if Match is set.
	After int64
	// Match is a string to find in a message of the protocol.
	Match string
	// Skip is the number of matching messages that pass first, on all connections together.
	Skip int
	// Before places the fault before the matching message instead of after it.
	Before bool
	Action Action
	// Times is how often it happens: 0 means once, -1 always. Connections that carry cancel
	// requests are affected only by -1, because drivers open them at unpredictable times.
	Times int
}

type fault struct {
	Fault
	skip, left int
	notify     func() // closes the channel that Inject returned
}

// triggers reports whether a message triggers the fault, and how many of its bytes pass first.
func (f *fault) triggers(message []byte, sent int64) (pass int, ok bool) {
	switch {
	case f.Match == "" && f.After == 0:
		return 0, sent == 0
	case f.Match == "":
		return int(f.After - sent), sent < f.After && f.After <= sent+int64(len(message))
	case !bytes.Contains(message, []byte(f.Match)):
		return 0, false
	case f.skip > 0:
		f.skip--
		return 0, false
	case f.Before:
		return 0, true
	}
	return len(message), true
}

// matched is what to do with a message: forward the first pass bytes, then carry out the
// faults.
type matched struct {
	pass   int
	faults []*fault
}

// disconnects reports whether the faults close the connection on both sides.
func (v matched) disconnects() bool {
	return slices.ContainsFunc(v.faults, func(f *fault) bool { return f.Action == Cut || f.Action == Reset })
}
