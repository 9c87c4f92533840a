package pgserver

// Options describe a server.
type Options struct {
	// Version is the major version. 0: the newest installed.
	Version int
	// Settings are added to postgresql.conf. By default, servers survive a crash of the
	// server but not one of the machine (fsync is off).
	Settings map[string]string
	// Files are written into the data directory before the first start, for example
	// pg_hba.conf or a TLS key. They are owned by the server's user and have mode 0600.
	Files map[string]string
}

// StopMode is how a server is stopped.
type StopMode string

const (
	// Fast is a regular shutdown: it ends all sessions and writes a checkpoint.
	Fast StopMode = "fast"
	// Immediate is like a crash: the next start recovers from the WAL.
	Immediate StopMode = "immediate"
)
