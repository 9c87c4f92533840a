// Package dbenv makes a connection configuration for PostgreSQL from environment variables
// and mounted secrets. A service that uses it connects to the same database as the
// migration that runs before it.
//
// # Which database
//
// One family of variables names the database. The first one that is set wins:
//
//  1. Options.DatabaseURL, else DATABASE_URL: a postgres:// URL or key=value pairs, both
//     parsed as in libpq.
//  2. DB_NAME, DB_USER, DB_HOST, DB_PORT. DB_NAME is required; the others have libpq's
//     defaults.
//  3. libpq's PGHOST, PGPORT, PGDATABASE, PGUSER, PGSERVICE. PGPORT alone does not count.
//
// DB_HOST is a host name, an address, the directory of a Unix socket, or a list of these
// separated by commas, each with an optional :PORT. DB_PORT may be the tcp://HOST:PORT that
// Kubernetes sets for a service called "db".
//
// # Password, TLS and other settings
//
// The host, port, database and user are those of the winning family. Other families can
// only add what it leaves open:
//
//   - The password is that of the winning family, else DB_PASS or the content of the file
//     DB_PASS_FILE, else PGPASSWORD, else from libpq's password file.
//   - TLS is set by the winning family, else by DB_SSLMODE and DB_SSLROOTCERT, else by
//     PGSSLMODE and the other PGSSL variables. The default mode is libpq's, prefer.
//     DB_SSLROOTCERT is a file, the certificates themselves in PEM, or "system". If it is
//     set and no mode is, the mode is verify-full: prefer would not check the certificate.
//   - PGOPTIONS, PGAPPNAME, PGCONNECT_TIMEOUT and the other PG variables apply unless a URL
//     sets the same.
//
// DB_* add nothing to Options.DatabaseURL if they are malformed or name another database.
//
// # Values
//
// An empty variable counts as unset. Line breaks at the end of a value are removed, because
// secrets often end with one. DB_PASS and the content of DB_PASS_FILE are otherwise used
// literally: nothing is expanded or decoded.
//
// # Files
//
// DB_PASS_FILE is read again for every connection made with a Source, so that a rotated
// password is picked up; a shell's <(command) is read once. The file must be readable, not
// empty, at most 64 kB, and free of NUL bytes. The only other files read are those that the
// variables name, libpq's password and service files, and the certificates in
// ~/.postgresql. All of them must be regular files, or symbolic links to some: reading a
// pipe or a device may never end.
//
// # What is refused
//
//   - DATABASE_URL and DB_* that differ in host, port, database, user, password or TLS
//     settings
//   - DB_* without DB_NAME; DB_PASS together with DB_PASS_FILE; a port in DB_HOST that
//     differs from DB_PORT
//   - malformed values, and URLs that are not PostgreSQL's
//   - keys of a URL that would be silently ineffective, such as hostaddr, sslcrl and
//     gssencmode=require
//
// Keys that make no difference to a migration, such as keepalives or the pool settings of
// other drivers, are ignored.
//
// # Errors
//
// All problems are reported at once, as an *Error. It names the variables and never contains
// a password. errors.Is(err, ErrNoDatabase) reports whether no database is named at all.
package dbenv
