package frameworks

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// TestChi asks for a parameter of the route in the middle of each of many sessions. chi
// uses its contexts again when the handler has returned, so an application that runs on
// afterwards reads the parameters of other requests: of 160 answers 158 were wrong.
func TestChi(t *testing.T) {
	var u nethttp.Upgrader
	r := chi.NewRouter()
	r.Use(middleware.RequestID, middleware.RealIP, middleware.Recoverer)
	r.Handle("/users/{user}", u.Handler(func(conn *stream.Conn, r *http.Request) {
		for {
			if _, _, err := conn.ReadMessage(nil); err != nil {
				return
			}
			conn.WriteMessage(driver.Text, []byte(chi.URLParam(r, "user")))
		}
	}))
	r.Handle("/detached/{user}", u.Detached(func(w http.ResponseWriter, r *http.Request) (func(*stream.Conn), error) {
		user := chi.URLParam(r, "user")
		return func(conn *stream.Conn) {
			for {
				if _, _, err := conn.ReadMessage(nil); err != nil {
					return
				}
				conn.WriteMessage(driver.Text, []byte(user))
			}
		}, nil
	}))
	addr := serveHTTP(t, r)
	var all sync.WaitGroup
	for i := range 160 {
		user := fmt.Sprint("user", i)
		all.Go(func() {
			ask(t, addr, "/users/"+user, "who am I?", user)
			ask(t, addr, "/detached/"+user, "who am I?", user)
		})
		all.Go(func() { // other requests, which use the contexts meanwhile
			if res, err := http.Get("http://" + addr + "/users/nobody"); err == nil {
				res.Body.Close()
			}
		})
	}
	all.Wait()
}
