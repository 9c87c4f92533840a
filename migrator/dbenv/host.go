package dbenv

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// hostList is DB_HOST as libpq's lists of hosts and ports. port is "" if no host has one.
type hostList struct{ host, port string }

// UnmarshalText parses hosts separated by commas.
func (l *hostList) UnmarshalText(text []byte) error {
	var hosts, ports []string
	for part := range strings.SplitSeq(string(text), ",") {
		host, port, problem := splitHost(strings.TrimSpace(part))
		if problem != "" {
			return &Error{Problems: []Problem{{"DB_HOST", problem}}}
		}
		hosts, ports = append(hosts, host), append(ports, port)
	}
	l.host = strings.Join(hosts, ",")
	if strings.Join(ports, "") != "" {
		l.port = strings.Join(ports, ",")
	}
	return nil
}

// splitHost parses NAME, ADDRESS, /DIRECTORY, NAME:PORT, ADDRESS:PORT, IPv6, [IPv6] or
// [IPv6]:PORT. problem is "" if s is valid.
func splitHost(s string) (host, port, problem string) {
	switch {
	case s == "":
		return "", "", "contains an empty host"
	case strings.Contains(s, "://"):
		return "", "", "is a URL; set DATABASE_URL instead, or write only the host name"
	case strings.HasPrefix(s, "/"):
		return s, "", ""
	case strings.ContainsAny(s, " \t\r\n\"'`@/?#\\"):
		return "", "", "contains a character that is not valid in a host name"
	}
	if strings.HasPrefix(s, "[") || strings.Count(s, ":") == 1 {
		if h, p, err := net.SplitHostPort(s); err == nil {
			host, port = h, p
		} else {
			host = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
		}
	} else {
		host = s
	}
	if port != "" && !isPort(port) || strings.HasSuffix(s, ":") {
		return "", "", fmt.Sprintf("port of %q must be a number from 1 to 65535", host)
	}
	if strings.ContainsAny(host, ":[]") {
		if _, err := netip.ParseAddr(host); err != nil {
			return "", "", fmt.Sprintf("%q is neither HOST:PORT nor an IPv6 address; write [ADDRESS]:PORT for an address with a port", s)
		}
	}
	if host == "" {
		return "", "", "has a port but no host"
	}
	return host, port, ""
}

// portList is DB_PORT as libpq's list. linkHost is the host if the value is tcp://HOST:PORT:
// Kubernetes sets that in every pod if there is a service called "db". Nobody wrote it on
// purpose, so it conflicts with nothing.
type portList struct{ port, linkHost string }

// UnmarshalText parses ports separated by commas, or tcp://HOST:PORT.
func (l *portList) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if address, ok := strings.CutPrefix(s, "tcp://"); ok {
		host, port, err := net.SplitHostPort(strings.TrimSuffix(address, "/"))
		if err != nil || host == "" || !isPort(port) {
			return &Error{Problems: []Problem{{"DB_PORT", fmt.Sprintf("%q is not tcp://HOST:PORT", s)}}}
		}
		l.port, l.linkHost = port, host
		return nil
	}
	var ports []string
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part != "" && !isPort(part) {
			return &Error{Problems: []Problem{{"DB_PORT", fmt.Sprintf("%q is not a port number (1 to 65535)", part)}}}
		}
		ports = append(ports, part)
	}
	l.port = strings.Join(ports, ",")
	return nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}
