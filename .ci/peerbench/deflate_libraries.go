package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	coder "github.com/coder/websocket"
	"github.com/gorilla/websocket"
	"github.com/lxzan/gws"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// library is one that speaks permessage-deflate. All have level 1 and, under
// context takeover, the full window.
type library struct {
	title string

	// alone says that the library has no context takeover. gorilla/websocket
	// negotiates permessage-deflate only without it.
	alone bool

	// timed is set if the library releases the memory of an idle connection after some
	// time.
	timed bool

	// listen returns a function that opens connections, which share what the library
	// allows to share.
	listen func(takeover bool) func(conn *memory) (*server, error)
}

// server is one end of an open connection.
type server struct {
	send    func(p []byte) error
	receive func() (messages, bytes int, err error) // until the connection ends

	// rest is set if receive returns when the available input is used up, as in an
	// event loop. It makes the connection idle for restTime.
	rest func()
}

// offer returns the client's offer.
func offer(takeover bool) string {
	if takeover {
		return "permessage-deflate"
	}
	return "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
}

var (
	this      = library{title: "this", listen: listenDriver(0)}
	reprimed  = library{title: "this, re-primed", listen: listenDriver(-1)}
	throughIO = library{title: "this, stream.Conn", timed: true, listen: listenStream}
	others    = []library{
		{title: "gws", listen: listenGWS},
		{title: "coder", listen: listenCoder},
		{title: "gorilla", alone: true, listen: listenGorilla},
	}
)

// listenDriver uses the driver without an adapter; keep is deflate.Extension.Keep.
func listenDriver(keep int) func(takeover bool) func(conn *memory) (*server, error) {
	return func(takeover bool) func(conn *memory) (*server, error) {
		c := &driver.Config{Extensions: []driver.Extension{&deflate.Extension{Keep: keep}}}
		return func(conn *memory) (*server, error) {
			d, err := openDriver(c, offer(takeover))
			if err != nil {
				return nil, err
			}
			var out []byte
			return &server{
				send: func(p []byte) error {
					if err := d.Text(p); err != nil {
						return err
					}
					out = d.Take(out)
					_, err := conn.Write(out)
					return err
				},
				receive: func() (messages, bytes int, err error) { return readDriver(d, conn) },
				rest: func() {
					now := time.Now()
					d.Tick(now)
					d.Tick(now.Add(restTime))
				},
			}, nil
		}
	}
}

func readDriver(d *driver.Driver, conn *memory) (messages, bytes int, err error) {
	for buf := make([]byte, 4096); ; {
		n, err := conn.Read(buf)
		for ev := range d.Events(buf[:n]) {
			if ev.Kind == driver.Text {
				messages, bytes = messages+1, bytes+len(ev.Data)
			}
		}
		if err == io.EOF {
			return messages, bytes, d.Err()
		}
	}
}

// listenStream uses the driver as most applications do.
func listenStream(takeover bool) func(conn *memory) (*server, error) {
	c := &driver.Config{Extensions: []driver.Extension{&deflate.Extension{}}, Pieces: true}
	return func(conn *memory) (*server, error) {
		d, err := openDriver(c, offer(takeover))
		if err != nil {
			return nil, err
		}
		s := stream.New(conn, d, nil)
		return &server{
			send: func(p []byte) error { return s.WriteMessage(driver.Text, p) },
			receive: func() (messages, bytes int, err error) {
				for buf := []byte(nil); ; messages++ {
					if _, buf, err = s.ReadMessage(buf); err != nil {
						return messages, bytes, atEnd(err)
					}
					bytes += len(buf)
				}
			},
		}, nil
	}
}

// atEnd returns err unless it says that the transport has ended.
func atEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// counter counts the messages that a gws.Conn receives.
type counter struct{ messages, bytes int }

// counters handles the events of all connections of a gws.Upgrader, which have a
// counter each.
type counters struct{ gws.BuiltinEventHandler }

func (counters) OnMessage(c *gws.Conn, m *gws.Message) {
	n, _ := c.Session().Load("counter")
	n.(*counter).messages++
	n.(*counter).bytes += m.Data.Len()
	m.Close()
}

func listenGWS(takeover bool) func(conn *memory) (*server, error) {
	u := gws.NewUpgrader(counters{}, &gws.ServerOption{
		CheckUtf8Enabled: true, ReadMaxPayloadSize: 16 << 20,
		PermessageDeflate: gws.PermessageDeflate{
			Enabled: true, Level: 1, PoolSize: 1,
			ServerContextTakeover: takeover, ClientContextTakeover: takeover, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15,
		},
	})
	return func(conn *memory) (*server, error) {
		c, err := u.Upgrade(hijacked{conn: conn}, upgradeRequest(offer(takeover)))
		if err != nil {
			return nil, err
		}
		n := &counter{}
		c.Session().Store("counter", n)
		return &server{
			send: func(p []byte) error { return c.WriteMessage(gws.OpcodeText, p) },
			receive: func() (messages, bytes int, err error) {
				c.ReadLoop()
				return n.messages, n.bytes, nil
			},
		}, nil
	}
}

func listenGorilla(bool) func(conn *memory) (*server, error) {
	u := &websocket.Upgrader{EnableCompression: true}
	return func(conn *memory) (*server, error) {
		c, err := u.Upgrade(hijacked{conn: conn}, upgradeRequest(offer(false)), nil)
		if err != nil {
			return nil, err
		}
		return &server{
			send: func(p []byte) error { return c.WriteMessage(websocket.TextMessage, p) },
			receive: func() (messages, bytes int, err error) {
				for ; ; messages++ {
					_, p, err := c.ReadMessage()
					if websocket.IsCloseError(err, websocket.CloseAbnormalClosure) {
						return messages, bytes, nil
					} else if err != nil {
						return messages, bytes, err
					}
					bytes += len(p)
				}
			},
		}, nil
	}
}

func listenCoder(takeover bool) func(conn *memory) (*server, error) {
	o := &coder.AcceptOptions{CompressionMode: coder.CompressionNoContextTakeover}
	if takeover {
		o.CompressionMode = coder.CompressionContextTakeover
	}
	ctx := context.Background()
	return func(conn *memory) (*server, error) {
		c, err := coder.Accept(hijacked{conn: conn}, upgradeRequest(offer(takeover)), o)
		if err != nil {
			return nil, err
		}
		c.SetReadLimit(16 << 20)
		return &server{
			send: func(p []byte) error { return c.Write(ctx, coder.MessageText, p) },
			receive: func() (messages, bytes int, err error) {
				for ; ; messages++ {
					_, p, err := c.Read(ctx)
					if err != nil {
						return messages, bytes, atEnd(err)
					}
					bytes += len(p)
				}
			},
		}, nil
	}
}

func (l library) name() string { return l.title }

func (l library) can(takeover bool) bool { return !takeover || !l.alone }

func (l library) deflate(c *deflateCase, conn *memory, m *meter) error {
	s, err := l.listen(c.takeover)(conn)
	if err != nil {
		return err
	}
	conn.kept = nil // without the handshake
	for i := range c.warm + c.count {
		if i == c.warm {
			conn.out = 0
			m.start()
		}
		if err := s.send(c.message(i)); err != nil {
			return err
		}
	}
	m.stop()
	return nil
}

func (l library) inflate(c *deflateCase, conn *memory, m *meter) error {
	s, err := l.listen(c.takeover)(conn)
	if err != nil {
		return err
	}
	conn.in, conn.mark, conn.reached = c.wire, len(c.wire)-c.warmWire, m.start
	messages, bytes, err := s.receive()
	m.stop()
	conn.out = 0 // nothing but the handshake and the end
	if err == nil && (messages != c.warm+c.count || bytes != messages*c.size) {
		err = fmt.Errorf("%d messages with %d bytes, not %d with %d", messages, bytes, c.warm+c.count, (c.warm+c.count)*c.size)
	}
	return err
}
