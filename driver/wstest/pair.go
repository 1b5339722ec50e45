package wstest

import (
	"errors"
	"fmt"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// Driver is one side of a connection, such as a *driver.Driver.
type Driver interface {
	End
	Start() error
	Needs() ws.Need
}

// Pair opens a connection between a client and a server, neither of which has been
// started, without a transport: it carries the bytes of the handshake over, and
// accepts the request. Both have given their Open event when it returns.
func Pair(client, server Driver) error {
	if err := client.Start(); err != nil {
		return err
	}
	open := 0
	for from, to, silent := client, server, 0; open < 2; from, to = to, from {
		p := from.Take(nil)
		n, err := receive(to, p)
		if err != nil {
			return err
		}
		if open += n; len(p) > 0 || n > 0 {
			silent = 0
		} else if silent++; silent > 2 {
			return errors.New("the opening handshake makes no progress")
		}
	}
	return nil
}

// receive gives p to d, accepts a request, and returns the number of Open events.
func receive(d Driver, p []byte) (open int, err error) {
	for {
		n, ev := d.Parse(p)
		p = p[n:]
		switch ev.Kind {
		case ws.Open:
			open++
		case ws.Connect:
			if err := d.Start(); err != nil {
				return open, err
			}
		case ws.Close:
			return open, fmt.Errorf("the opening handshake has failed with %v: %s", ev.Code, ev.Data)
		case ws.None:
			return open, nil
		}
	}
}
