package ws

import "strings"

// Need is a set: what the driver needs now. See package driver.
type Need uint8

// What a driver may need. Until the connection is over exactly one of NeedInput,
// NeedFetch and NeedAnswer is set; NeedOutput is independent of them.
const (
	// NeedInput asks for more bytes from the transport, or for Tick at NextTick.
	NeedInput Need = 1 << iota

	// NeedFetch asks for Parse(nil), Events(nil) or Messages.Next: an event may
	// be waiting that needs no input. Parse may still return None.
	NeedFetch

	// NeedAnswer asks for Start, Reject, Refuse, Detach or Respond. Until then
	// the driver takes no input, so the transport should not be read.
	NeedAnswer

	// NeedOutput asks for Take: Buffered is above 0. Take when the previous batch
	// has been written, and continue to read meanwhile: so two peers that both
	// send never wait for each other, and a peer that reads nothing cannot make
	// the output grow.
	NeedOutput

	// NeedFinish, set alone, says that the connection is over and that all output
	// has been taken. Write what has been taken, half-close the transport where
	// that is possible, read to its end within CloseTimeout, and close it.
	NeedFinish
)

// String returns the names of the needs in n, such as "NeedInput|NeedOutput",
// and "0" for none.
func (n Need) String() string {
	var names []string
	for i, name := range [...]string{"NeedInput", "NeedFetch", "NeedAnswer", "NeedOutput", "NeedFinish"} {
		if n&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if names == nil {
		return "0"
	}
	return strings.Join(names, "|")
}
