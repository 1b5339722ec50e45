package stream

import (
	"context"

	"github.com/sans-io/websocket-driver/driver"
)

// SetCompression says whether the messages sent from now on are compressed, if
// permessage-deflate has been negotiated: see driver.Driver.SetCompression. At first
// they are. Call it after the handshake.
func (c *Conn) SetCompression(on bool) {
	c.lock()
	defer c.unlock()
	c.d.SetCompression(on)
}

// WriteUncompressed is WriteMessage for a message that is not worth compressing, or
// that must not be compressed together with what an attacker may choose.
func (c *Conn) WriteUncompressed(kind driver.Kind, p []byte) error {
	c.lock()
	defer c.unlock()
	ctx := context.Background()
	if kind != driver.Text && kind != driver.Binary {
		return c.writeMessage(ctx, kind, p)
	}
	if err := c.admit(ctx); err != nil {
		return err
	}
	was := c.d.SetCompression(false)
	err := c.send(ctx, kind, p) // does not wait: the message has been admitted
	c.d.SetCompression(was)
	if err != nil {
		return err
	}
	return c.leave(ctx)
}
