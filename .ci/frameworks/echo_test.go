package frameworks

import (
	"testing"

	labstack "github.com/labstack/echo/v4"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/driver"
)

// TestEcho upgrades in a handler of echo, whose context is valid until it returns.
func TestEcho(t *testing.T) {
	var u nethttp.Upgrader
	e := labstack.New()
	e.GET("/rooms/:room", func(c labstack.Context) error {
		conn, err := u.Upgrade(c.Response(), c.Request())
		if err != nil {
			return nil // the response has been sent
		}
		defer conn.CloseNow()
		for {
			_, p, err := conn.ReadMessage(nil)
			if err != nil {
				return nil
			}
			conn.WriteMessage(driver.Text, append(p, c.Param("room")...))
		}
	})
	ask(t, serveHTTP(t, e), "/rooms/kitchen", "in the ", "in the kitchen")
}
