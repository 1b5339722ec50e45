package stream

import (
	"bytes"

	"github.com/sans-io/websocket-driver/driver"
)

// hook calls a hook for input, without the lock. The caller must have the turn to
// read.
func (c *Conn) hook(f func(c *Conn, payload []byte), payload []byte) {
	payload = bytes.Clone(payload)
	c.unlock()
	defer c.lock()
	f(c, payload)
}

// hookPeerClose calls OnPeerClose, as hook does.
func (c *Conn) hookPeerClose(code driver.Code, reason string) {
	if f := c.o.OnPeerClose; f != nil {
		c.unlock()
		defer c.lock()
		f(c, code, reason)
	}
}
