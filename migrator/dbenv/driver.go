package dbenv

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

const pemBegin = "-----BEGIN "

// config gives the settings to the driver. The password stays out of the string that
// the driver parses, so that no error of the driver can hold it.
func (s settings) config() (*pgconn.Config, error) {
	pem := s.inlineRootCert()
	values, params := s.split(pem != "")
	if s.value("password", "") != "" {
		values["password"] = "x" // anything: with none, the password file would be read
	}
	cfg, err := pgconn.ParseConfig(keyValues(values))
	if err != nil {
		return nil, s.driverError(err)
	}
	cfg.Password = s.value("password", cfg.Password)
	cfg.RuntimeParams = params
	s.finishTLS(cfg, pem)
	return cfg, nil
}

// split separates what the driver takes from the settings of the session. With a
// certificate of our own the driver gets no file to read; require then means verify-ca,
// as it does in libpq whenever there is a root certificate.
func (s settings) split(ownRoot bool) (values, params map[string]string) {
	values, params = s.pinned(), map[string]string{}
	for key, v := range s {
		switch {
		case isOneOf(key, "ssl_min_protocol_version", "ssl_max_protocol_version"):
		case !isDriverKey(key):
			params[key] = v.value
		case key == "password":
		case key == "sslrootcert" && ownRoot:
			values[key] = ""
		case key == "sslmode" && v.value == "require" && ownRoot:
			values[key] = "verify-ca"
		default:
			values[key] = v.value
		}
	}
	return values, params
}

// pinned gives a value to each key that the driver would otherwise take from a variable
// of the process that was left out on purpose.
func (s settings) pinned() map[string]string {
	values := map[string]string{"host": "", "port": "", "database": "", "password": ""}
	unset := driverKeys()
	for name, key := range pgVariables() {
		// The driver refuses an sslcertmode that is set and empty; others it skips.
		if value, ok := os.LookupEnv(name); !ok || value == "" && key != "sslcertmode" {
			continue
		}
		if value, ok := unset[key]; ok {
			values[key] = value
		}
	}
	return values
}

// keyValues writes libpq's key=value form.
func keyValues(values map[string]string) string {
	var b strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		b.WriteString(key + "='" + escape.Replace(values[key]) + "' ")
	}
	return b.String()
}

// driverError is what the driver says about files and certificates. Its own text quotes
// the whole string, and its error carries it, so only the cause is kept.
func (s settings) driverError(err error) error {
	text := "the driver does not take these settings"
	if cause := errors.Unwrap(err); cause != nil {
		text = cause.Error()
	}
	name := ""
	for _, key := range []string{"sslkey", "sslcert", "require_auth", "sslrootcert"} {
		if v, ok := s[key]; ok {
			name = v.from
			break
		}
	}
	return &Error{Problems: []Problem{{name, text}}}
}

// inlineRootCert is the root certificate when the variable holds itself and no file.
func (s settings) inlineRootCert() string {
	cert := s.value("sslrootcert", "")
	if !strings.Contains(cert, pemBegin) {
		return ""
	}
	if !strings.Contains(cert, "\n") { // some tools that set variables cannot write a line end
		cert = strings.ReplaceAll(cert, `\n`, "\n")
	}
	return cert
}

// checkRootCert reports a root certificate that cannot be read or does not go with the
// mode.
func (s settings) checkRootCert() []Problem {
	cert, mode := s.value("sslrootcert", ""), s.value("sslmode", "verify-full")
	switch pem := s.inlineRootCert(); {
	case pem != "":
		if !x509.NewCertPool().AppendCertsFromPEM([]byte(pem)) {
			return []Problem{s.problem("sslrootcert", "holds no certificate that can be read; it must be PEM with its line ends")}
		}
	case cert == "system":
		if mode != "verify-full" { // libpq refuses it too: any authority would do for any host
			return []Problem{s.problem("sslrootcert", "is system, which goes only with sslmode verify-full")}
		}
	case cert != "":
		data, err := os.ReadFile(cert)
		if err != nil {
			return []Problem{s.problem("sslrootcert", "%s", fileError(cert, err))}
		}
		if !x509.NewCertPool().AppendCertsFromPEM(data) {
			return []Problem{s.problem("sslrootcert", "%s holds no certificate in PEM", cert)}
		}
	}
	return nil
}

// finishTLS sets what the driver does not know. Its verify-ca looks the root up when a
// server's certificate arrives, so setting it afterwards is enough.
func (s settings) finishTLS(cfg *pgconn.Config, pem string) {
	configs := []*tls.Config{cfg.TLSConfig}
	for _, f := range cfg.Fallbacks {
		configs = append(configs, f.TLSConfig)
	}
	for _, c := range configs {
		if c == nil {
			continue
		}
		c.MinVersion = max(c.MinVersion, tlsVersion(s.value("ssl_min_protocol_version", "")))
		if v := tlsVersion(s.value("ssl_max_protocol_version", "")); v != 0 {
			c.MaxVersion = v
		}
		if pem != "" {
			c.RootCAs = x509.NewCertPool()
			c.RootCAs.AppendCertsFromPEM([]byte(pem))
		}
	}
}

// tlsVersion is the version by libpq's name; 0 leaves it to Go, whose oldest is 1.2.
func tlsVersion(name string) uint16 {
	switch name {
	case "TLSv1":
		return tls.VersionTLS10
	case "TLSv1.1":
		return tls.VersionTLS11
	case "TLSv1.2":
		return tls.VersionTLS12
	case "TLSv1.3":
		return tls.VersionTLS13
	}
	return 0
}
