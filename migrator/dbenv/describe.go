package dbenv

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Describe returns the database, hosts and user of a configuration, without the password:
//
//	database "store" at db.example.com:5432 as migrator
//
// Several hosts are separated by commas. cfg must not be nil.
func Describe(cfg *pgconn.Config) string {
	database := cfg.Database
	if database == "" {
		database = cfg.User // the server's default
	}
	addresses := []string{address(cfg.Host, cfg.Port)}
	for _, f := range cfg.Fallbacks {
		// A host has one entry with TLS and one without.
		if a := address(f.Host, f.Port); a != addresses[len(addresses)-1] {
			addresses = append(addresses, a)
		}
	}
	name := cfg.User
	if !isWord(name) {
		name = strconv.Quote(name)
	}
	return fmt.Sprintf("database %q at %s as %s", database, strings.Join(addresses, ", "), name)
}

// address returns HOST:PORT, or the path of a Unix socket.
func address(host string, port uint16) string {
	network, addr := pgconn.NetworkAddress(host, port)
	if network == "unix" {
		return addr
	}
	if printable := strings.Trim(strconv.Quote(host), `"`); printable != host {
		return net.JoinHostPort(printable, strconv.Itoa(int(port)))
	}
	return addr
}
