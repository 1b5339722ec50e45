package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/driver"
)

// subprotocol offers two, and then none. In the hixie versions only one can be
// offered.
func subprotocol(p *peer) error {
	tests := []struct {
		offer []string
		want  string
	}{{[]string{"a", "b"}, "b"}, {nil, ""}}
	if p.config.Version.IsHixie() {
		tests[0].offer = []string{"b"}
	}
	for _, test := range tests {
		conn, err := p.dial("/echo", func(c *driver.Config) { c.Subprotocols = test.offer })
		if err != nil {
			return err
		}
		if got := conn.Subprotocol(); got != test.want {
			return fmt.Errorf("of %q the server has picked %q, expected %q", test.offer, got, test.want)
		}
		if err := echo(conn, driver.Text, []byte("still there")); err != nil {
			return err
		}
		if err := p.finish(conn); err != nil {
			return err
		}
	}
	return nil
}

// greet receives a message that arrives together with the handshake.
func greet(p *peer) error {
	conn, err := p.dial("/greet")
	if err != nil {
		return err
	}
	if err := expect(conn, driver.Text, []byte("hello")); err != nil {
		return err
	}
	if err := echo(conn, driver.Text, []byte("and more")); err != nil {
		return err
	}
	return p.finish(conn)
}

// refuse is refused.
func refuse(p *peer) error { return refusal(p, "/refuse", 403) }

// refuseBody gets the reason of a refusal.
func refuseBody(p *peer) error {
	_, err := p.dial("/refuse")
	var refused *netconn.HandshakeError
	if !errors.As(err, &refused) || refused.Response == nil {
		return fmt.Errorf("no refusal: %w", err)
	}
	if body := string(refused.Response.Body); strings.TrimSpace(body) != "no entry" {
		return fmt.Errorf("body %q, expected \"no entry\"", body)
	}
	return nil
}

// refusal expects that the handshake is refused with an HTTP status.
func refusal(p *peer, path string, status int) error {
	conn, err := p.dial(path)
	if conn != nil {
		return fmt.Errorf("the handshake succeeded, expected status %d", status)
	}
	var e *driver.Error
	if !errors.As(err, &e) || e.Status != status {
		return fmt.Errorf("%w, expected a refusal with status %d", err, status)
	}
	return nil
}
