package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/gorilla/websocket"
	"github.com/lxzan/gws"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/hybi/frame"
)

var largeCount = flag.Int("large", 0, "measure servers that receive so many messages of 64 MiB over TCP instead (Linux)")

const largeSize = 64 << 20

// largeServers receive large messages, and answer each with an empty one.
var largeServers = []idleLibrary{
	{"this, large", false, serveNetconnLarge},
	{"gorilla, large", false, serveHTTP(http.HandlerFunc(handleGorillaLarge))},
	{"gws, large", false, serveHTTP(http.HandlerFunc(handleGWSLarge))},
}

func serveNetconnLarge(l net.Listener) error {
	return serveNetconn(func(conn *stream.Conn) {
		defer conn.CloseNow()
		conn.Raw(func(d *driver.Driver) { d.SetMaxMessage(-1) })
		for {
			if _, _, err := conn.ReadMessage(nil); err != nil || conn.WriteMessage(driver.Text, nil) != nil {
				return
			}
		}
	})(l)
}

func handleGorillaLarge(w http.ResponseWriter, r *http.Request) {
	conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		if _, _, err := conn.ReadMessage(); err != nil || conn.WriteMessage(websocket.TextMessage, nil) != nil {
			return
		}
	}
}

type gwsLarge struct{ gws.BuiltinEventHandler }

func (gwsLarge) OnMessage(c *gws.Conn, m *gws.Message) {
	_ = m.Close()
	_ = c.WriteMessage(gws.OpcodeText, nil)
}

var gwsLargeUpgrader = gws.NewUpgrader(gwsLarge{}, &gws.ServerOption{ReadMaxPayloadSize: 2 * largeSize})

func handleGWSLarge(w http.ResponseWriter, r *http.Request) {
	if conn, err := gwsLargeUpgrader.Upgrade(w, r); err == nil {
		conn.ReadLoop()
	}
}

// measureLarge prints the CPU time of each server for a GiB, and by how much its memory
// has exceeded one message.
func measureLarge(count, rounds int) error {
	one := frame.Encode(frame.Header{Fin: true, Opcode: frame.Binary, Masked: true, Key: 0x3d21fa37}, make([]byte, largeSize))
	costs := make([][]float64, len(largeServers))
	beyond := make([]float64, len(largeServers))
	for range rounds {
		for i, s := range largeServers {
			cost, peak, err := receiveLarge(s.name, one, count)
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			costs[i] = append(costs[i], cost)
			beyond[i] = max(beyond[i], float64(peak-largeSize)/(1<<20))
		}
	}
	fmt.Printf("%d messages of 64 MiB over TCP\n%-20s %12s %8s %28s\n", count, "", "CPU s/GiB", "ratio", "MiB beyond a message, most")
	for i, s := range largeServers {
		var ratios []float64
		for j, cost := range costs[i] {
			ratios = append(ratios, cost/costs[len(costs)-1][j])
		}
		fmt.Printf("%-20s %12.2f %8.2f %28.0f\n", s.name, median(append([]float64(nil), costs[i]...)), median(ratios), beyond[i])
	}
	return nil
}

// receiveLarge has a server receive one count times. It returns the CPU time in s for a
// GiB and the most memory that the server has had.
func receiveLarge(name string, one []byte, count int) (cost float64, peak int, err error) {
	p, addr, err := startServer(name)
	if err != nil {
		return 0, 0, err
	}
	defer p.stop()
	conn, err := openOne(addr, false)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	pid := p.cmd.Process.Pid
	before, err := cpuTimeOf(pid)
	if err != nil {
		return 0, 0, err
	}
	answer := make([]byte, 2)
	for r := bufio.NewReader(conn); count > 0; count-- {
		if _, err := conn.Write(one); err != nil {
			return 0, 0, err
		}
		if _, err := io.ReadFull(r, answer); err != nil {
			return 0, 0, err
		}
		cost += largeSize / float64(1<<30)
	}
	after, err := cpuTimeOf(pid)
	if err != nil {
		return 0, 0, err
	}
	peak, err = statusOf(strconv.Itoa(pid), "VmHWM")
	return (after - before).Seconds() / cost, peak, err
}
