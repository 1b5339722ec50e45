package stream

import "github.com/sans-io/websocket-driver/driver"

// Raw calls f with the driver, which f has to itself until it returns; then what
// it has queued leaves in the background. It is for what Conn does not offer:
// single fragments, limits that change.
//
// f does not block and calls no method of c. It must not take the driver's input,
// output, events or time away: Parse, Events, Take, IO, Messages, EOF and Tick
// are the Conn's. A message that f begins by Fragment it also ends, or nobody can
// send until a later Raw does.
func (c *Conn) Raw(f func(d *driver.Driver)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.d)
	c.settle()
	c.wake.Broadcast()
	c.finishSilently()
}
