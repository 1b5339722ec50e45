package netconn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"time"

	"github.com/sans-io/websocket-driver/adapters/netconn"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

// newDialer returns a Dialer with most of its settings.
func newDialer(roots *x509.CertPool, jar http.CookieJar) *netconn.Dialer {
	return &netconn.Dialer{
		Config: &driver.Config{
			Subprotocols: []string{"chat"},
			Fields:       []driver.Field{{Name: "Origin", Value: "https://example.com"}},
			PingInterval: 30 * time.Second,
		},
		TLS:          &tls.Config{RootCAs: roots},
		Proxy:        netconn.ProxyFromEnvironment, // the default
		Jar:          jar,
		MaxRedirects: 3,
		Stream:       &stream.Options{WriteTimeout: time.Minute},
	}
}

// explain returns why Dial failed.
func explain(err error) string {
	var refused *netconn.HandshakeError
	var blocked *netconn.ProxyError
	switch {
	case errors.As(err, &blocked):
		return "the proxy " + blocked.Proxy + " is to blame: " + blocked.Err.Error()
	case errors.As(err, &refused) && refused.Response != nil:
		return fmt.Sprintf("the server has answered %d: %s", refused.Response.Status, refused.Response.Body)
	case errors.As(err, &refused):
		return "the server has given no answer: " + refused.Err.Error()
	}
	return "there was no connection: " + err.Error()
}

// A client over TLS that follows a redirect and has a cookie jar.
func ExampleDialer_Dial() {
	certified := httptest.NewTLSServer(nil) // for its certificate
	defer certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())

	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	l, err := netconn.NewListener(tls.NewListener(tcp, &tls.Config{Certificates: certified.TLS.Certificates}),
		&driver.Config{Subprotocols: []string{"chat"}, Cookies: []driver.Field{{Name: "id", Value: "7; Path=/"}}})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	l.Origins = []string{"https://example.com"}
	l.Check = func(r *driver.Request) *driver.Response {
		switch {
		case r.Target == "/old":
			return &driver.Response{Status: 307, Fields: []driver.Field{{Name: "Location", Value: "/chat"}}}
		case r.Target == "/members" && r.Get("Cookie") == "":
			return &driver.Response{Status: 401, Body: []byte("who are you?")}
		}
		return nil
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go conn.ReadMessage(nil) // until the client closes
		}
	}()

	jar, err := cookiejar.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	d, base := newDialer(roots, jar), "wss://"+l.Addr().String()
	_, err = d.Dial(ctx, base+"/members")
	fmt.Println(explain(err))
	for _, path := range []string{"/old", "/members"} {
		conn, err := d.Dial(ctx, base+path)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s %q\n", conn.Request().Target, conn.Subprotocol(), conn.Request().Get("Cookie"))
		conn.Close(ctx, driver.CodeNormal, "")
	}
	// Output:
	// the server has answered 401: who are you?
	// /chat chat ""
	// /members chat "id=7"
}
