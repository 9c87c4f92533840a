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

// config makes the driver's configuration. The password is not part of the string that the
// driver parses, so that no error of the driver can contain it.
func (s settings) config() (*pgconn.Config, error) {
	pem := s.inlineRootCert()
	values, params := s.split(pem != "")
	if s.value("password", "") != "" {
		values["password"] = "x" // any value keeps the driver from reading the password file
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

// split separates the keys that the driver parses from the session's run-time parameters.
// inlineRoot: the root certificate is set later, so the driver gets no file; mode require
// then means verify-ca, as in libpq whenever there is a root certificate.
func (s settings) split(inlineRoot bool) (values, params map[string]string) {
	values, params = s.processOverrides(), map[string]string{}
	for key, v := range s {
		switch {
		case isOneOf(key, "ssl_min_protocol_version", "ssl_max_protocol_version"):
		case !isDriverKey(key):
			params[key] = v.value
		case key == "password":
		case key == "sslrootcert" && inlineRoot:
			values[key] = ""
		case key == "sslmode" && v.value == "require" && inlineRoot:
			values[key] = "verify-ca"
		default:
			values[key] = v.value
		}
	}
	return values, params
}

// processOverrides returns a value for each key that the driver would otherwise take from
// a PG variable of the process, although Options.Environ may not contain it.
func (s settings) processOverrides() map[string]string {
	values := map[string]string{"host": "", "port": "", "database": "", "password": ""}
	unset := driverKeys()
	for name, key := range pgVariables() {
		// The driver ignores empty variables, except that it rejects an empty sslcertmode.
		if value, ok := os.LookupEnv(name); !ok || value == "" && key != "sslcertmode" {
			continue
		}
		if value, ok := unset[key]; ok {
			values[key] = value
		}
	}
	return values
}

// keyValues formats values as libpq's key=value pairs.
func keyValues(values map[string]string) string {
	var b strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		b.WriteString(key + "='" + escape.Replace(values[key]) + "' ")
	}
	return b.String()
}

// driverError reports what the driver says about files and certificates. The driver's error
// quotes the whole string, so only its cause is kept.
func (s settings) driverError(err error) error {
	text := "the driver rejected these settings"
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

// inlineRootCert returns sslrootcert if it is a certificate and not a file name, else "".
func (s settings) inlineRootCert() string {
	cert := s.value("sslrootcert", "")
	if !strings.Contains(cert, pemBegin) {
		return ""
	}
	if !strings.Contains(cert, "\n") { // some tools cannot put line breaks into variables
		cert = strings.ReplaceAll(cert, `\n`, "\n")
	}
	return cert
}

// checkFiles reports files that the driver would open and that may keep it waiting.
func (s settings) checkFiles() []Problem {
	var problems []Problem
	for _, key := range []string{"passfile", "sslcert", "sslkey"} {
		if path := s.value(key, ""); path != "" {
			if err := checkRegular(path); err != nil {
				problems = append(problems, s.problem(key, "%s", fileError(path, err)))
			}
		}
	}
	return problems
}

// checkRootCert reports a root certificate that cannot be read or does not fit the mode.
func (s settings) checkRootCert() []Problem {
	cert, mode := s.value("sslrootcert", ""), s.value("sslmode", "verify-full")
	switch pem := s.inlineRootCert(); {
	case pem != "":
		if !x509.NewCertPool().AppendCertsFromPEM([]byte(pem)) {
			return []Problem{s.problem("sslrootcert", "contains no valid certificate; it must be PEM, including its line breaks")}
		}
	case cert == "system":
		if mode != "verify-full" { // as in libpq: any public authority could vouch for any host
			return []Problem{s.problem("sslrootcert", "is \"system\", which requires sslmode verify-full")}
		}
	case cert != "":
		data, err := readFile(cert, maxFile)
		if err != nil {
			return []Problem{s.problem("sslrootcert", "%s", fileError(cert, err))}
		}
		if !x509.NewCertPool().AppendCertsFromPEM(data) {
			return []Problem{s.problem("sslrootcert", "%s contains no PEM certificate", cert)}
		}
	}
	return nil
}

// finishTLS applies the settings that the driver does not support. Its verify-ca reads
// RootCAs only when a server's certificate arrives, so they can be set afterwards.
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

// tlsVersion returns the version with libpq's name, or 0 for Go's default.
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
