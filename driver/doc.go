// Package driver speaks WebSocket as a state machine that owns no I/O: RFC 6455
// and the versions that browsers shipped before it, as server and as client.
// Bytes from any transport go in through Parse, events come out, and bytes to
// send are taken with Take:
//
//	d := driver.NewServer(nil)
//	for !d.Done() {
//		n, err := transport.Read(in)
//		if err != nil {
//			d.EOF()
//		}
//		for ev := range d.Events(in[:n]) {
//			switch ev.Kind {
//			case driver.Connect:
//				if d.Start() != nil { // not for WebSocket
//					d.Reject(404, nil, nil)
//				}
//			case driver.Text:
//				d.Text(ev.Data) // echo
//			}
//		}
//		if out = d.Take(out); len(out) > 0 {
//			transport.Write(out)
//		}
//	}
//
// # Events and calls
//
// All events come from one place, in order: from Parse, from Events, which loops
// over it, or from Messages.Next. Some calls cause events (EOF, Tick, Reject,
// Start on a server); Parse(nil) fetches those.
//
// A mistake of the caller is an error of the call and changes nothing. A
// violation by the peer is the one Close event: a close frame with the right code
// has been queued, and Err says what was wrong.
//
// # Who owns a slice
//
// Data of an event belongs to the driver. It is valid until the next Parse, step
// of Events, Messages.Next, IO.Write, EOF or Tick. Sending never invalidates it,
// so it can be echoed. Slices given to sends are copied. Parse and Events change
// the slice they are given; IO.Write does not.
//
// # Time
//
// The driver reads no clock. A caller that wants time limits and keep-alive pings
// calls Tick when NextTick says so.
package driver
