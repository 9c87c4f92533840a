package dbenv

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/jackc/pgservicefile"
)

// pgVariables returns libpq's environment variables (PostgreSQL manual, 34.15) with their keys.
func pgVariables() map[string]string {
	return map[string]string{
		"PGHOST": "host", "PGHOSTADDR": "hostaddr", "PGPORT": "port", "PGDATABASE": "database", "PGUSER": "user",
		"PGPASSWORD": "password", "PGPASSFILE": "passfile", "PGREQUIREAUTH": "require_auth", "PGCHANNELBINDING": "channel_binding",
		"PGSSLMODE": "sslmode", "PGSSLNEGOTIATION": "sslnegotiation", "PGSSLCERT": "sslcert", "PGSSLKEY": "sslkey",
		"PGSSLPASSWORD": "sslpassword", "PGSSLCERTMODE": "sslcertmode", "PGSSLROOTCERT": "sslrootcert", "PGSSLCRL": "sslcrl",
		"PGSSLCRLDIR": "sslcrldir", "PGSSLSNI": "sslsni", "PGREQUIREPEER": "requirepeer", "PGGSSENCMODE": "gssencmode",
		"PGSSLMINPROTOCOLVERSION": "ssl_min_protocol_version", "PGSSLMAXPROTOCOLVERSION": "ssl_max_protocol_version",
		"PGKRBSRVNAME": "krbsrvname", "PGMINPROTOCOLVERSION": "min_protocol_version", "PGMAXPROTOCOLVERSION": "max_protocol_version",
		"PGCONNECT_TIMEOUT": "connect_timeout", "PGTARGETSESSIONATTRS": "target_session_attrs", "PGAPPNAME": "application_name",
		"PGOPTIONS": "options", "PGTZ": "timezone", "PGDATESTYLE": "datestyle", "PGCLIENTENCODING": "client_encoding",
	}
}

// libpqSettings returns the settings of the PG* variables. As in libpq, those of a service
// file win over the single variables.
func libpqSettings(environ map[string]string) (settings, []Problem) {
	set := settings{}
	for name, key := range pgVariables() {
		set.put(key, environ[name], name)
	}
	service, ok := environ["PGSERVICE"]
	if !ok {
		return set, nil
	}
	entries, err := serviceSettings(service, environ["PGSERVICEFILE"])
	if err != nil {
		return set, []Problem{{"PGSERVICE", err.Error()}}
	}
	set.putAll(entries, "PGSERVICE")
	return set, nil
}

// libpqNamesDatabase reports whether PG* name a database. PGPORT alone does not: it is
// often set for all programs of a machine.
func libpqNamesDatabase(environ map[string]string) bool {
	for _, name := range []string{"PGHOST", "PGHOSTADDR", "PGDATABASE", "PGUSER", "PGSERVICE"} {
		if environ[name] != "" {
			return true
		}
	}
	return false
}

// serviceSettings reads a section of a service file; path "" is libpq's default.
func serviceSettings(service, path string) (map[string]string, error) {
	if path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("service %q: no home directory with a .pg_service.conf; set PGSERVICEFILE", service)
		}
		path = filepath.Join(home, ".pg_service.conf")
	}
	data, err := readFile(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", service, fileError(path, err))
	}
	file, err := pgservicefile.ParseServicefile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", service, fileError(path, err))
	}
	found, err := file.GetService(service)
	if err != nil {
		return nil, fmt.Errorf("service %q is not in %s", service, path)
	}
	entries := make(map[string]string, len(found.Settings))
	for key, value := range found.Settings {
		entries[canonicalKey(key)] = value
	}
	return entries, nil
}
