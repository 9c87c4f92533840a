//go:build !unix

package pgserver

import (
	"errors"
	"net/url"
	"time"
)

// SharedOptions describe the server that test processes share.
type SharedOptions struct {
	Version int
	Idle    time.Duration
	Parent  string
}

// SharedServer is a server that several test processes use.
type SharedServer struct{ URL *url.URL }

// Shared returns an error: servers are started on Unix systems only.
func Shared(SharedOptions) (*SharedServer, error) {
	return nil, errors.New("servers are not started on this operating system")
}

// Keep does nothing.
func (s *SharedServer) Keep() time.Duration { return 0 }

// PassFile is "".
func (s *SharedServer) PassFile() string { return "" }
