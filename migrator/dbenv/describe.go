package dbenv

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Describe says in one line where a configuration leads and as whom, never with a
// password: database "store" at db.example.com:5432 as migrator.
// Several hosts are separated by commas. cfg must not be nil.
func Describe(cfg *pgconn.Config) string {
	database := cfg.Database
	if database == "" {
		database = cfg.User // the server's default
	}
	places := []string{place(cfg.Host, cfg.Port)}
	for _, f := range cfg.Fallbacks {
		// With and without TLS are two entries of one host.
		if p := place(f.Host, f.Port); p != places[len(places)-1] {
			places = append(places, p)
		}
	}
	name := cfg.User
	if !isWord(name) {
		name = strconv.Quote(name)
	}
	return fmt.Sprintf("database %q at %s as %s", database, strings.Join(places, ", "), name)
}

// place is HOST:PORT, or the file of a Unix socket.
func place(host string, port uint16) string {
	network, address := pgconn.NetworkAddress(host, port)
	if network == "unix" {
		return address
	}
	if printable := strings.Trim(strconv.Quote(host), `"`); printable != host {
		return net.JoinHostPort(printable, strconv.Itoa(int(port)))
	}
	return address
}
