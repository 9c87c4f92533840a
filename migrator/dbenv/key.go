package dbenv

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// check removes the keys that are ignored and reports invalid ones. The server checks the
// run-time parameters.
func (s settings) check() []Problem {
	var problems []Problem
	for _, key := range slices.Sorted(maps.Keys(s)) {
		value := s[key].value
		words := allowedValues(key)
		switch reason := unsupported(key); {
		case isIgnored(key, value):
			delete(s, key)
		case reason != "":
			problems = append(problems, s.problem(key, "%s", reason))
		case words == nil && !isDriverKey(key):
			problems = append(problems, s.checkName(key)...)
		case words != nil && !isOneOf(value, words...):
			problems = append(problems, s.problem(key, "must be %s", choice(key, value, words)))
		}
	}
	return append(problems, s.checkNumbers()...)
}

// checkName reports keys that are neither keys of libpq nor possible run-time parameters.
func (s settings) checkName(key string) []Problem {
	from := s[key].from
	if _, ok := strings.CutPrefix(key, "x-"); ok {
		return []Problem{{from, key + " is an option of golang-migrate; remove it"}}
	}
	for known := range driverKeys() {
		if foldKey(key) == foldKey(known) {
			if known == "database" {
				known = "dbname"
			}
			return []Problem{{from, fmt.Sprintf("unknown key %q; did you mean %s?", key, known)}}
		}
	}
	if foldKey(key) == "applicationname" && !strings.EqualFold(key, "application_name") {
		return []Problem{{from, fmt.Sprintf("unknown key %q; did you mean application_name?", key)}}
	}
	if !isWord(key) {
		return []Problem{{from, fmt.Sprintf("unknown key %q: neither a key of libpq nor a setting of PostgreSQL", key)}}
	}
	return nil
}

func (s settings) checkNumbers() []Problem {
	var problems []Problem
	if v, ok := s["connect_timeout"]; ok {
		if _, err := strconv.ParseUint(v.value, 10, 31); err != nil {
			problems = append(problems, s.problem("connect_timeout", "must be a whole number of seconds; 0 means no limit"))
		}
	}
	ports := strings.Split(s.value("port", ""), ",")
	for _, port := range ports {
		if port != "" && !isPort(port) {
			problems = append(problems, s.problem("port", "must be a number from 1 to 65535"))
			return problems
		}
	}
	if hosts := strings.Count(s.value("host", ""), ",") + 1; len(ports) > 1 && len(ports) != hosts {
		problems = append(problems, s.problem("port", "must be one port for all hosts or one for each host (ports: %d, hosts: %d)", len(ports), hosts))
	}
	minimum, maximum := s.value("min_protocol_version", "3.0"), s.value("max_protocol_version", "latest")
	if minimum != "3.0" && maximum == "3.0" {
		problems = append(problems, s.problem("min_protocol_version", "is higher than max_protocol_version"))
	}
	return problems
}

// choice lists the allowed words, and adds which one is probably meant by value.
func choice(key, value string, words []string) string {
	list := strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	switch {
	case key == "sslmode" && value == "no-verify":
		return list + "; no-verify corresponds to require"
	case key == "sslmode" && isOneOf(value, "true", "on", "yes", "1", "enable", "enabled", "required"):
		return list + "; did you mean require?"
	case key == "sslmode" && isOneOf(value, "false", "off", "no", "0", "none", "disabled"):
		return list + "; did you mean disable?"
	case isOneOf(strings.ToLower(strings.ReplaceAll(value, "_", "-")), words...):
		return list + ", spelled exactly like that"
	}
	return list
}

// isIgnored reports whether a key is silently left out: keys of libpq that make no
// difference to a migration, and client settings of other drivers, because services with
// other drivers often share a DATABASE_URL.
func isIgnored(key, value string) bool {
	switch key {
	case "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"sslcompression", "load_balance_hosts", "gsslib", "gssdelegation", "authtype", "tty", "fallback_application_name":
		return true
	case "gssencmode":
		return value != "require"
	case "replication":
		return isOneOf(value, "false", "off", "no", "0")
	case "client_encoding":
		return value == "auto"
	case "default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity", "statement_cache_mode",
		"prefer_simple_protocol": // pgx
		return true
	case "binary_parameters", "disable_prepared_binary_result": // lib/pq
		return true
	case "pgbouncer", "connection_limit", "pool_timeout", "socket_timeout", "statement_cache_size": // Prisma, asyncpg
		return true
	case "pool", "prepared_statements", "reaping_frequency", "checkout_timeout", "reconnect": // Rails
		return true
	case "schema": // Prisma
		return value == "public"
	case "encoding": // Rails
		return isOneOf(strings.ToLower(value), "utf8", "utf-8", "unicode")
	}
	return strings.HasPrefix(key, "pool_") // pgxpool
}

// unsupported returns why a key cannot be used, or "". Ignoring such a key would change
// which server is used, how it is authenticated, or what the session does.
func unsupported(key string) string {
	switch key {
	case "hostaddr":
		return "is not supported; use the address as the host"
	case "gssencmode":
		return "cannot be require: GSSAPI encryption is not supported; use sslmode=require"
	case "requirepeer":
		return "is not supported; remove it, or connect over TCP with sslmode=verify-full"
	case "sslcrl", "sslcrldir":
		return "is not supported: certificate revocation lists are not checked; remove it if that is acceptable"
	case "sslkeylogfile":
		return "is not supported; remove it"
	case "scram_client_key", "scram_server_key":
		return "is not supported; use a password"
	case "oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope":
		return "is not supported; use a password or a client certificate"
	case "replication":
		return "is not supported: a replication connection cannot run migrations; remove it"
	case "ssl":
		return "is a key of other drivers; use sslmode=require or sslmode=disable"
	case "schema", "currentSchema":
		return "is a key of other drivers; use search_path=…"
	case "encoding":
		return "is a key of other drivers; remove it (the session always uses UTF8)"
	}
	return ""
}
