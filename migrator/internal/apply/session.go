package apply

import (
	"fmt"
	"strings"
	"time"
)

// Session is a server session that holds a lock. What this role has no privilege to see is
// "" or zero.
type Session struct {
	PID         string
	Application string // of another runner: program, revision, host and process
	User        string
	Address     string // "" for a socket
	State       string // "active", "idle in transaction", …
	Query       string // its beginning
	Running     time.Duration
}

// String describes the session on one line.
func (s Session) String() string {
	if s.PID == "" {
		return "its session has ended"
	}
	parts := []string{"process " + s.PID}
	if s.Application != "" {
		parts = append(parts, fmt.Sprintf("%q", s.Application))
	}
	if s.User != "" {
		parts = append(parts, "role "+s.User)
	}
	if s.Address != "" {
		parts = append(parts, "from "+s.Address)
	}
	if s.State != "" {
		parts = append(parts, s.State)
	}
	if s.Running >= time.Second/10 {
		parts = append(parts, "in a transaction for "+s.Running.Round(time.Second/10).String())
	}
	if s.Query != "" {
		parts = append(parts, "query: "+s.Query)
	}
	return strings.Join(parts, ", ")
}
