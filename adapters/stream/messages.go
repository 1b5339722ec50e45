package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/sans-io/websocket-driver/driver"
)

// Message is a message as Messages yields it.
type Message struct {
	Kind driver.Kind // Text or Binary
	Data []byte      // the payload; the next step of the loop overwrites it
}

// keepMessage is the capacity, in bytes, up to which Messages uses a buffer again
// for the next message.
const keepMessage = 64 << 10

// Messages returns the messages that come from now on, for a range loop. It ends
// without an error when the peer closes with 1000 or 1001 or without a code, and
// behind any other error of ReadMessage. One that wraps os.ErrDeadlineExceeded is
// no end: if the loop goes on, so does reading. Breaking out loses nothing.
//
// Data is the loop's until its next step: clone what is to stay.
func (c *Conn) Messages() iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		var buf []byte
		for {
			kind, p, err := c.ReadMessage(buf)
			var end *CloseError
			switch {
			case errors.As(err, &end) && end.isOrderly():
				return
			case err != nil:
				if !yield(Message{}, err) || !isTimeout(err) {
					return
				}
			case !yield(Message{kind, p}, nil):
				return
			}
			if buf = p; cap(buf) > keepMessage {
				buf = nil
			}
		}
	}
}

// ReadJSON reads the next message, which must be a text of one JSON value, into
// v, as json.Unmarshal does. If it is not, the message has been read all the same
// and the connection goes on. Other errors are those of ReadMessage.
func (c *Conn) ReadJSON(v any) error {
	kind, p, err := c.ReadMessage(nil)
	switch {
	case err != nil:
		return err
	case kind != driver.Text:
		return fmt.Errorf("%w: JSON in a message of kind %v", driver.ErrUnsupported, kind)
	}
	if err := json.Unmarshal(p, v); err != nil {
		return fmt.Errorf("websocket: message of %d bytes: %w", len(p), err)
	}
	return nil
}

// WriteJSON sends v as a text message, as json.Marshal encodes it. Other errors
// are those of WriteMessage.
func (c *Conn) WriteJSON(v any) error {
	p, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	return c.WriteMessage(driver.Text, p)
}
