package frameworks

import (
	"context"
	"net"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// upgrade accepts a WebSocket request of fasthttp and has serve called with the connection,
// on a goroutine of fasthttp, after the handler has returned. serve must not use ctx.
// Fields of ctx.Response are not sent: use those of driver.Response.
func upgrade(ctx *fasthttp.RequestCtx, config *driver.Config, serve func(*stream.Conn)) {
	d := driver.FromRequest(request(ctx), config)
	err := d.Err()
	if err == nil {
		err = driver.CheckOrigin(d.Request(), nil)
	}
	if err != nil {
		d.Refuse(err)
		refuse(ctx, d.Response())
		return
	}
	ctx.HijackSetNoResponse(true)
	ctx.Hijack(func(nc net.Conn) {
		conn := stream.New(nc, d, nil)
		defer conn.CloseNow()
		if conn.Handshake(context.Background()) == nil {
			serve(conn)
		}
	})
}

// request converts the request of ctx. The strings are copies: fasthttp uses the memory of
// its own again.
func request(ctx *fasthttp.RequestCtx) *driver.Request {
	r := &driver.Request{Method: string(ctx.Method()), Target: string(ctx.RequestURI()), Major: 1}
	if string(ctx.Request.Header.Protocol()) == "HTTP/1.1" {
		r.Minor = 1
	}
	for name, value := range ctx.Request.Header.All() {
		r.Fields = append(r.Fields, driver.Field{Name: string(name), Value: string(value)})
	}
	return r
}

// refuse answers with a refusal. The connection ends with it.
func refuse(ctx *fasthttp.RequestCtx, r *driver.Response) {
	ctx.SetStatusCode(r.Status)
	for _, f := range r.Fields {
		ctx.Response.Header.Set(f.Name, f.Value)
	}
	ctx.SetBody(r.Body)
	ctx.SetConnectionClose()
}

func TestFasthttp(t *testing.T) {
	l := listen(t)
	go fasthttp.Serve(l, func(ctx *fasthttp.RequestCtx) { upgrade(ctx, nil, echo) })
	ask(t, l.Addr().String(), "/", "hello", "hello")
	status, body, err := fasthttp.Get(nil, "http://"+l.Addr().String()+"/")
	if status != 426 || err != nil {
		t.Errorf("a plain request: %d %q, %v", status, body, err)
	}
}

// TestFiber: what the application needs of fiber's context is copied before, since fiber
// uses contexts and their memory again.
func TestFiber(t *testing.T) {
	l := listen(t)
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/rooms/:room", func(c *fiber.Ctx) error {
		room := string([]byte(c.Params("room")))
		upgrade(c.Context(), nil, func(conn *stream.Conn) {
			for m, err := range conn.Messages() {
				if err != nil || conn.WriteMessage(m.Kind, append(m.Data, room...)) != nil {
					return
				}
			}
		})
		return nil
	})
	go app.Listener(l)
	ask(t, l.Addr().String(), "/rooms/kitchen", "in the ", "in the kitchen")
}
