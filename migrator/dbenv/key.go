package dbenv

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// check drops the keys that change nothing here and reports what cannot be done. What
// is left is for the driver, or a setting of the session for the server to judge.
func (s settings) check() []Problem {
	var problems []Problem
	for _, key := range slices.Sorted(maps.Keys(s)) {
		value := s[key].value
		words := choices(key)
		switch why := refusal(key); {
		case harmless(key, value):
			delete(s, key)
		case why != "":
			problems = append(problems, s.problem(key, "%s", why))
		case words == nil && !isDriverKey(key):
			problems = append(problems, s.checkName(key)...)
		case words != nil && !isOneOf(value, words...):
			problems = append(problems, s.problem(key, "must be %s", oneOf(key, value, words)))
		}
	}
	return append(problems, s.checkNumbers()...)
}

// checkName reports keys that are no key of libpq's and no name of a server setting.
func (s settings) checkName(key string) []Problem {
	from := s[key].from
	if _, ok := strings.CutPrefix(key, "x-"); ok {
		return []Problem{{from, key + " is an option of golang-migrate; remove it"}}
	}
	for known := range driverKeys() {
		if plain(key) == plain(known) {
			if known == "database" {
				known = "dbname"
			}
			return []Problem{{from, fmt.Sprintf("has the key %s; it is written %s", key, known)}}
		}
	}
	if plain(key) == "applicationname" && !strings.EqualFold(key, "application_name") {
		return []Problem{{from, fmt.Sprintf("has the key %s; it is written application_name", key)}}
	}
	if !isWord(key) {
		return []Problem{{from, fmt.Sprintf("has the key %q, which is neither libpq's nor a setting of PostgreSQL", key)}}
	}
	return nil
}

func (s settings) checkNumbers() []Problem {
	var problems []Problem
	if v, ok := s["connect_timeout"]; ok {
		if _, err := strconv.ParseUint(v.value, 10, 31); err != nil {
			problems = append(problems, s.problem("connect_timeout", "must be a whole number of seconds, as libpq has it; 0 is no limit"))
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
		problems = append(problems, s.problem("port", "must be one port for all hosts or one for each, not %d for %d", len(ports), hosts))
	}
	minimum, maximum := s.value("min_protocol_version", "3.0"), s.value("max_protocol_version", "latest")
	if minimum != "3.0" && maximum == "3.0" {
		problems = append(problems, s.problem("min_protocol_version", "is higher than max_protocol_version"))
	}
	return problems
}

// oneOf lists words, and what another tool's word means.
func oneOf(key, value string, words []string) string {
	list := strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	switch {
	case key == "sslmode" && value == "no-verify":
		return list + "; no-verify is require"
	case key == "sslmode" && isOneOf(value, "true", "on", "yes", "1", "enable", "enabled", "required"):
		return list + "; you may mean require"
	case key == "sslmode" && isOneOf(value, "false", "off", "no", "0", "none", "disabled"):
		return list + "; you may mean disable"
	case isOneOf(strings.ToLower(strings.ReplaceAll(value, "_", "-")), words...):
		return list + ", written like that"
	}
	return list
}

// harmless says whether a key is left out without a word: keys of libpq whose absence
// changes nothing that a migration could notice, and the pool settings of the drivers
// that a service shares its DATABASE_URL with.
func harmless(key, value string) bool {
	switch key {
	case "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
		"sslcompression", "load_balance_hosts", "gsslib", "gssdelegation", "authtype", "tty", "fallback_application_name":
		return true
	case "gssencmode":
		return value != "require"
	case "replication":
		return isOneOf(value, "false", "off", "no", "0")
	case "client_encoding":
		return value == "auto" // the session is UTF8 anyway
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

// refusal says why a key cannot be used, or "". Leaving it out would change which
// server is talked to, or how far it is trusted.
func refusal(key string) string {
	switch key {
	case "hostaddr":
		return "is not supported; write the address as the host"
	case "gssencmode":
		return "cannot be require: encryption by GSSAPI is not supported; use sslmode=require"
	case "requirepeer":
		return "is not supported; remove it, or connect by TCP with sslmode=verify-full"
	case "sslcrl", "sslcrldir":
		return "is not supported: revocation lists are not read; remove it if you can do without"
	case "sslkeylogfile":
		return "is not supported; remove it"
	case "scram_client_key", "scram_server_key":
		return "is not supported; give the password"
	case "oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope":
		return "is not supported; give a password or a client certificate"
	case "replication":
		return "cannot be used: a replication connection cannot migrate; remove it"
	case "ssl":
		return "is another driver's key; write sslmode=require, or sslmode=disable"
	case "schema", "currentSchema":
		return "is another driver's key; write search_path=…"
	case "encoding":
		return "is another driver's key; remove it, the session is always UTF8"
	}
	return ""
}
