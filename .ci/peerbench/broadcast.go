package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/nethttp"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

var broadcastCount = flag.Int("broadcast", 0, "measure broadcasts of 1 KiB to so many connections instead (Linux)")

const (
	broadcastSize  = 1 << 10
	broadcastTimes = 20 // in a round
)

// broadcastServers send a message to all their connections for each line "broadcast" of
// standard input.
var broadcastServers = []idleLibrary{
	{"this, hub", false, serveHub},
	{"gws, Broadcaster", false, serveBroadcaster},
}

// broadcast is what a server process does for a line "broadcast".
var broadcast func(p []byte)

func serveHub(l net.Listener) error {
	var all hub.Registry
	broadcast = func(p []byte) { _, _, _ = hub.Broadcast(all.All(), driver.Text, p) }
	u := &nethttp.Upgrader{OnOpen: all.Add}
	return http.Serve(l, u.Detached(func(http.ResponseWriter, *http.Request) (func(*stream.Conn), error) { return echoStream, nil }))
}

func serveBroadcaster(l net.Listener) error {
	var mu sync.Mutex
	all := map[*gws.Conn]bool{}
	broadcast = func(p []byte) {
		mu.Lock()
		defer mu.Unlock()
		b := gws.NewBroadcaster(gws.OpcodeText, p)
		defer b.Close()
		for c := range all {
			_ = b.Broadcast(c)
		}
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := gwsUpgrader.Upgrade(w, r); err == nil {
			mu.Lock()
			all[conn] = true
			mu.Unlock()
			go conn.ReadLoop()
		}
	}))
}

// measureBroadcast measures the CPU time of each server for a message to a connection.
func measureBroadcast(n, rounds int) error {
	if err := raiseFileLimit(n + 100); err != nil {
		return err
	}
	var servers []*echoServer
	received := make([]atomic.Int64, len(broadcastServers))
	for i, s := range broadcastServers {
		p, addr, err := startServer(s.name)
		if err != nil {
			return err
		}
		defer p.stop()
		server := &echoServer{name: s.name, p: p}
		server.conns, err = openMany(addr, false, n)
		for _, c := range server.conns {
			defer c.Close()
			go func() { _, _ = io.Copy(byteCounter{&received[i]}, c) }()
		}
		if err != nil {
			return err
		}
		servers = append(servers, server)
	}
	want := int64(n * broadcastTimes * (broadcastSize + 4)) // with the header
	for round := range rounds + 1 {
		for i, s := range servers {
			start, err := cpuTimeOf(s.p.cmd.Process.Pid)
			if err != nil {
				return err
			}
			received[i].Store(0)
			for range broadcastTimes {
				if err := s.p.broadcast(); err != nil {
					return err
				}
			}
			for received[i].Load() < want {
				time.Sleep(time.Millisecond)
			}
			end, err := cpuTimeOf(s.p.cmd.Process.Pid)
			if err != nil {
				return err
			}
			if round > 0 { // the first warms up
				s.cost = append(s.cost, float64(end-start)/float64(n*broadcastTimes))
			}
		}
	}
	fmt.Printf("%-40s %-16s %12s %8s\n", fmt.Sprintf("broadcast of 1 KiB to %d connections", n), "", "ns/message", "ratio")
	peer := servers[len(servers)-1].cost
	for _, s := range servers {
		var ratios []float64
		for i, cost := range s.cost {
			ratios = append(ratios, cost/peer[i])
		}
		fmt.Printf("%-40s %-16s %12.0f %8.2f\n", "", s.name, median(s.cost), median(ratios))
	}
	return nil
}

// byteCounter counts what is written to it.
type byteCounter struct{ n *atomic.Int64 }

func (c byteCounter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// broadcast asks the server for a broadcast, and returns when it has been sent or queued.
func (p *process) broadcast() error {
	if _, err := io.WriteString(p.in, "broadcast\n"); err != nil {
		return err
	}
	_, err := p.out.ReadString('\n')
	return err
}
