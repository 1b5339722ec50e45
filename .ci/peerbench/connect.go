package main

import (
	"flag"
	"fmt"
	"net"
)

var connectCount = flag.Int("connect", 0, "measure so many connections in each round instead, each with a handshake and an echo (Linux)")

// measureConnect measures the CPU time of each server for a connection that opens, echoes
// a message and ends. The ratio is that to gobwas.
func measureConnect(n, rounds int) error {
	if err := raiseFileLimit(openAtOnce + 100); err != nil {
		return err
	}
	type server struct {
		echoServer
		addr string
	}
	var servers []*server
	reference := 0
	for _, s := range echoServers {
		p, addr, err := startServer(s.name)
		if err != nil {
			return err
		}
		defer p.stop()
		if s.name == "gobwas" {
			reference = len(servers)
		}
		servers = append(servers, &server{echoServer{name: s.name, p: p}, addr})
	}
	for round := range rounds + 1 {
		for _, s := range servers {
			start, err := cpuTimeOf(s.p.cmd.Process.Pid)
			if err != nil {
				return err
			}
			err = each(n, func(int) error {
				conn, err := openOne(s.addr, false)
				if err != nil {
					return err
				}
				defer conn.Close()
				return echoAll([]net.Conn{conn})
			})
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			end, err := cpuTimeOf(s.p.cmd.Process.Pid)
			if err != nil {
				return err
			}
			if round > 0 { // the first warms up
				s.cost = append(s.cost, float64(end-start)/float64(n))
			}
		}
	}
	fmt.Printf("%-40s %-16s %12s %8s\n", "connections, opened, echoed and closed", "", "ns each", "ratio")
	for _, s := range servers {
		var ratios []float64
		for i, cost := range s.cost {
			ratios = append(ratios, cost/servers[reference].cost[i])
		}
		fmt.Printf("%-40s %-16s %12.0f %8.2f\n", "", s.name, median(s.cost), median(ratios))
	}
	return nil
}
