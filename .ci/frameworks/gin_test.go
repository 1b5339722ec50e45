package frameworks

import (
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/driver"
)

// TestGin upgrades in a handler of gin, whose context is valid until it returns.
func TestGin(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	var u nethttp.Upgrader
	g := gin.New()
	g.Use(gin.Recovery())
	g.GET("/rooms/:room", func(c *gin.Context) {
		conn, err := u.Upgrade(c.Writer, c.Request)
		if err != nil {
			return // the response has been sent
		}
		defer conn.CloseNow()
		for {
			_, p, err := conn.ReadMessage(nil)
			if err != nil {
				return
			}
			conn.WriteMessage(driver.Text, append(p, c.Param("room")...))
		}
	})
	ask(t, serveHTTP(t, g), "/rooms/kitchen", "in the ", "in the kitchen")
}
