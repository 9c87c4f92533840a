package apply

import (
	"fmt"
	"strings"
	"time"

	"example.com/ambix/migrator/internal/sqltext"
)

// Session is a server session that holds a lock, or a prepared transaction. What this role
// has no privilege to see is "" or zero.
type Session struct {
	PID         string // "" for a prepared transaction
	Application string // of another runner: program, revision, host and process
	User        string
	Address     string // "" for a socket
	State       string // "active", "idle in transaction", …
	Query       string // its beginning
	Running     time.Duration
	// Prepared is the name of a prepared transaction; Running is since it was prepared.
	Prepared string
}

// String describes the session on one line.
func (s Session) String() string {
	if s.Prepared != "" {
		return s.describePrepared()
	}
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

func (s Session) describePrepared() string {
	text := "prepared transaction " + sqltext.QuoteString(s.Prepared) + " of role " + s.User
	if s.Running > 0 {
		text += ", prepared " + s.Running.Round(time.Second/10).String() + " ago"
	}
	return text + ", which only COMMIT PREPARED or ROLLBACK PREPARED ends"
}
