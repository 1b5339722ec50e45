package stream

import "github.com/sans-io/websocket-driver/driver"

// Raw calls f with the driver, to which f has exclusive access until it returns.
// What f queues is then written in the background. Raw is for what Conn does not
// offer, such as single fragments and changing limits.
//
// f must not block and must not call methods of c. It must leave input, output,
// events and time to the Conn: Parse, Events, Take, IO, Messages, EOF and Tick are
// not allowed. f must end a message that it begins with Fragment, or no message can
// be sent until a later Raw ends it.
func (c *Conn) Raw(f func(d *driver.Driver)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.d)
	c.settle()
	c.wake.Broadcast()
	c.finishSilently()
}
