package dbenv

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// hostList is DB_HOST: hosts, and the ports that stand with them, both as libpq's
// lists. port is "" when no host has one.
type hostList struct{ host, port string }

// UnmarshalText reads hosts separated by commas.
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

// splitHost reads NAME, ADDRESS, /DIRECTORY, NAME:PORT, ADDRESS:PORT, [IPv6] or
// [IPv6]:PORT. An IPv6 address without brackets is all colons, so it has no port.
func splitHost(s string) (host, port, problem string) {
	switch {
	case s == "":
		return "", "", "a host in the list is empty"
	case strings.Contains(s, "://"):
		return "", "", "is a URL; put it into DATABASE_URL, or only the name of the host here"
	case strings.HasPrefix(s, "/"):
		return s, "", ""
	case strings.ContainsAny(s, " \t\r\n\"'`@/?#\\"):
		return "", "", "holds a character that no host has; write the name of the host alone"
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
		return "", "", fmt.Sprintf("the port after %q must be a number from 1 to 65535", host)
	}
	if strings.ContainsAny(host, ":[]") {
		if _, err := netip.ParseAddr(host); err != nil {
			return "", "", fmt.Sprintf("%q is neither a host with a port nor an IPv6 address; with a port, write [ADDRESS]:PORT", s)
		}
	}
	if host == "" {
		return "", "", "has a port and no host"
	}
	return host, port, ""
}

// portList is DB_PORT: ports as libpq's list. link is the host of the URL that Kubernetes
// puts into DB_PORT in every pod when there is a service called "db"; nobody wrote it, so
// it never disagrees with anything.
type portList struct{ port, link string }

// UnmarshalText reads ports separated by commas, or tcp://HOST:PORT.
func (l *portList) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if address, ok := strings.CutPrefix(s, "tcp://"); ok {
		host, port, err := net.SplitHostPort(strings.TrimSuffix(address, "/"))
		if err != nil || host == "" || !isPort(port) {
			return &Error{Problems: []Problem{{"DB_PORT", fmt.Sprintf("%q is not tcp://HOST:PORT", s)}}}
		}
		l.port, l.link = port, host
		return nil
	}
	var ports []string
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part != "" && !isPort(part) {
			return &Error{Problems: []Problem{{"DB_PORT", fmt.Sprintf("%q is not a port, a number from 1 to 65535", part)}}}
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
