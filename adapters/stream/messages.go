package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/sans-io/websocket-driver/driver"
)

// Message is a message of the iterator Messages.
type Message struct {
	Kind driver.Kind // Text or Binary
	Data []byte      // payload; valid until the next iteration
}

// keepMessage is the maximum capacity, in bytes, of a buffer that Messages reuses
// for the next message.
const keepMessage = 128 << 10

// Messages returns an iterator over the messages that arrive from now on. It ends
// without an error when the peer closes with 1000 or 1001 or without a code: see Err.
// It also ends after any other error of ReadMessage. An error that wraps
// os.ErrDeadlineExceeded does not end it: if the loop continues, so does reading. A
// loop that breaks loses no messages.
//
// Data is valid until the next iteration. To keep it, clone it.
func (c *Conn) Messages() iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		var buf []byte
		for {
			kind, p, err := c.ReadMessage(buf)
			switch {
			case err == nil:
				if !yield(Message{kind, p}, nil) {
					return
				}
			case isOrderly(err) || !yield(Message{}, err) || !isTimeout(err):
				return
			}
			if buf = p; cap(buf) > keepMessage {
				buf = nil
			}
		}
	}
}

// ErrJSON is wrapped by the errors of ReadJSON that are about one message.
var ErrJSON = errors.New("websocket: not the expected JSON")

// ReadJSON reads the next message, which must be a text message with one JSON value,
// and stores the value in v as json.Unmarshal does. If the message is not, the error
// wraps ErrJSON and that of package json; the message has been consumed, and reading
// continues with the next one. Other errors are those of ReadMessage.
func (c *Conn) ReadJSON(v any) error {
	kind, p, err := c.ReadMessage(nil)
	switch {
	case err != nil:
		return err
	case kind != driver.Text:
		return fmt.Errorf("%w: a message of kind %v", ErrJSON, kind)
	}
	if err := json.Unmarshal(p, v); err != nil {
		return fmt.Errorf("%w: message of %d bytes: %w", ErrJSON, len(p), err)
	}
	return nil
}

// WriteJSON sends the JSON encoding of v as a text message, as json.Marshal returns
// it. Other errors are those of WriteMessage.
func (c *Conn) WriteJSON(v any) error {
	p, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("websocket: %w", err)
	}
	return c.WriteMessage(driver.Text, p)
}
