// Package driver speaks WebSocket as a state machine that owns no I/O: RFC 6455
// and the versions that browsers shipped before it, as server and as client.
// Bytes from any transport go in, events come out, and bytes to send are taken
// with Take. This is an event loop's part of a server:
//
//	for ev := range d.Wake(input, eof, time.Now) {
//		switch ev.Kind {
//		case driver.Connect:
//			if err := d.Start(); err != nil {
//				d.Refuse(err)
//			}
//		case driver.Text:
//			d.Text(ev.Data) // echo
//		}
//	}
//	needs := d.Needs()
//	if needs&driver.NeedOutput != 0 {
//		out = d.Take(out)
//		transport.Write(out)
//	}
//	if needs&driver.NeedFinish != 0 {
//		transport.Close()
//	}
//
// For a transport whose reads and writes block, package adapters/stream has the
// loop, goroutines, timers and locks that it takes.
//
// # Events and calls
//
// All events come from one place, in order: from Parse, from Events and Wake,
// which loop over it, or from Messages.Next. Some calls cause events (EOF, Tick,
// Reject, Close, Start on a server); Parse(nil) fetches those. Needs tells after
// any call what to do next.
//
// A mistake of the caller is an error of the call and changes nothing. A
// violation by the peer is the one Close event: a close frame with the right code
// has been queued, and Err says what was wrong.
//
// # Who owns a slice
//
// Data of an event belongs to the driver. It is valid until the next Parse, step
// of Events or Wake, Messages.Next, IO.Write, EOF or Tick. Sending never
// invalidates it, so it can be echoed. Slices given to sends are copied. Parse,
// Events and Wake change the slice they are given; IO.Write does not.
//
// # Time
//
// The driver reads no clock. A caller that wants time limits and keep-alive pings
// calls Tick, or Wake, when NextTick says so.
package driver
