// Package scratch makes throw-away databases: it creates them, lets the caller fill them, reads their schema, and drops
// them, whatever the end.
//
// [Open] decides where. A server that is named is used as it is; otherwise it is that of the configured database, but only
// on this machine. The role has to be allowed to create databases. If it is not, the database that the server's
// configuration names is used, which must be empty and is emptied afterwards.
//
// A template is a database to copy, made once for all processes that use the server; see [Server.Template].
//
// A scratch database is called ambix_scratch_ and a random number. Its comment names the program, host, process and time.
// Those that a killed process has left behind are dropped by the next [Open] once they are a day old.
package scratch
