package migratortest

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// URL returns the configuration that New returned as a URL, with its password, for drivers and programs that take one. TLS is
// required if the configuration has it, but certificates are not checked.
func URL(cfg *pgconn.Config) string {
	query := url.Values{"sslmode": {"disable"}}
	if cfg.TLSConfig != nil {
		query.Set("sslmode", "require")
	}
	u := &url.URL{Scheme: "postgres", User: url.User(cfg.User), Path: "/" + cfg.Database}
	if cfg.Password != "" {
		u.User = url.UserPassword(cfg.User, cfg.Password)
	}
	if strings.HasPrefix(cfg.Host, "/") { // the folder of a Unix socket
		query.Set("host", cfg.Host)
		query.Set("port", strconv.Itoa(int(cfg.Port)))
	} else {
		u.Host = net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port)))
	}
	for name, value := range cfg.RuntimeParams {
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String()
}
