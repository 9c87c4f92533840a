package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// slowNetwork is a proxy that adds latency in both directions, without limiting the
// bandwidth.
type slowNetwork struct {
	net.Listener
	server string
	delay  time.Duration // in each direction: half a round trip
}

func newSlowNetwork(server string, roundTrip time.Duration) (*slowNetwork, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &slowNetwork{l, server, roundTrip / 2}
	go n.accept()
	return n, nil
}

func (n *slowNetwork) accept() {
	for {
		client, err := n.Accept()
		if err != nil {
			return // closed
		}
		go n.connect(client)
	}
}

func (n *slowNetwork) connect(client net.Conn) {
	server, err := net.Dial("tcp", n.server)
	if err != nil {
		_ = client.Close()
		return
	}
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			n.forward(pair[0].(*net.TCPConn), pair[1].(*net.TCPConn))
			done <- struct{}{}
		}()
	}
	<-done
	<-done
	_ = errors.Join(client.Close(), server.Close())
}

// chunk is a piece of data in transit.
type chunk struct {
	due  time.Time
	data []byte
}

// forward copies one direction. It reads ahead, so that each chunk is delayed by n.delay only.
func (n *slowNetwork) forward(from, to *net.TCPConn) {
	chunks := make(chan chunk, 1<<14)
	go func() {
		defer close(chunks)
		for {
			data := make([]byte, 32<<10)
			count, err := from.Read(data)
			if count > 0 {
				chunks <- chunk{time.Now().Add(n.delay), data[:count]}
			}
			if err != nil {
				return
			}
		}
	}()
	for c := range chunks {
		pause(time.Until(c.due))
		if _, err := to.Write(c.data); err != nil {
			_ = from.CloseRead()
		}
	}
	_ = to.CloseWrite()
}

// roundTrip returns the shortest time of an empty query out of a few.
func roundTrip(ctx context.Context, u *url.URL) (time.Duration, error) {
	conn, err := pgconn.Connect(ctx, u.String())
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	shortest := time.Hour
	for range 20 {
		began := time.Now()
		if _, err := conn.Exec(ctx, "").ReadAll(); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		shortest = min(shortest, time.Since(began))
	}
	return shortest, nil
}
