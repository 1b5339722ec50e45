package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

var (
	echoOnly   = flag.String("echo", "", "measure echo servers instead: the rows whose name contains this, or all (Linux)")
	echoChart  = flag.String("svg", "", "with -echo: write a chart to this `file`")
	echoBudget = flag.Duration("echo-time", 300*time.Millisecond, "with -echo: how long a server runs in each round, about")
)

// echoRow is a load: conns connections, on each of which flight messages of size bytes
// are sent together, and the next when all have come back.
type echoRow struct {
	conns, flight, size int
}

func (r echoRow) String() string {
	return fmt.Sprintf("%d B, %d connections, %d in flight", r.size, r.conns, r.flight)
}

var echoRows = []echoRow{
	{16, 1, 64 << 10},
	{64, 16, 125},
	{64, 1, 125},
	{1000, 1, 125},
	{64, 1, 1 << 10},
	{1000, 1, 1 << 10},
}

// echoServer is a server process under load.
type echoServer struct {
	name  string
	p     *process
	conns []net.Conn
	cost  []float64 // CPU time of the server for each message in ns, a value for each round
}

// measureEcho measures the CPU time of each server for a message. The load is the same
// bytes for all, from this process. In each round all servers have their turn, so the
// ratios within a round hardly depend on what else the machine does.
func measureEcho(only string, rounds int, budget time.Duration) error {
	c := &chart{title: "Echo: CPU time of the server for a message, to that of the limit (dashed)"}
	for _, row := range echoRows {
		if only != "all" && !strings.Contains(row.String(), only) {
			continue
		}
		bars, err := row.measure(rounds, budget)
		if err != nil {
			return fmt.Errorf("%v: %w", row, err)
		}
		c.rows = append(c.rows, chartRow{row.String(), bars})
	}
	if *echoChart == "" {
		return nil
	}
	return c.write(*echoChart)
}

func (r echoRow) measure(rounds int, budget time.Duration) ([]chartBar, error) {
	if err := raiseFileLimit(r.conns + 100); err != nil {
		return nil, err
	}
	var servers []*echoServer
	for _, s := range echoServers {
		p, addr, err := startServer(s.name)
		if err != nil {
			return nil, err
		}
		defer p.stop()
		server := &echoServer{name: s.name, p: p}
		server.conns, err = openMany(addr, false, r.conns)
		for _, c := range server.conns {
			defer c.Close()
		}
		if err != nil {
			return nil, err
		}
		servers = append(servers, server)
	}
	for round := range rounds + 1 {
		for _, s := range servers {
			cost, err := r.load(s, budget)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			if round > 0 { // the first warms up
				s.cost = append(s.cost, cost)
			}
		}
	}
	limit := servers[0].cost
	fmt.Printf("%-40v %-16s %12s %8s\n", r, "", "ns/message", "ratio")
	var bars []chartBar
	for _, s := range servers {
		var ratios []float64
		for i, cost := range s.cost {
			ratios = append(ratios, cost/limit[i])
		}
		ratio := median(ratios)
		fmt.Printf("%-40s %-16s %12.0f %8.2f\n", "", s.name, median(s.cost), ratio)
		bars = append(bars, chartBar{s.name, ratio})
	}
	return bars[1:], nil
}

// load runs the row for about the time of budget, and returns the CPU time of the server
// for each message in ns.
func (r echoRow) load(s *echoServer, budget time.Duration) (float64, error) {
	payload := makePayload("ascii", r.size)
	out := bytes.Repeat(maskedFrame(payload), r.flight)
	want := bytes.Repeat(unmaskedFrame(payload), r.flight)
	before, err := cpuTimeOf(s.p.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	end := time.Now().Add(budget)
	counts := make(chan int, len(s.conns))
	errs := make(chan error, len(s.conns))
	for _, c := range s.conns {
		go func() {
			got := make([]byte, len(want))
			n := 0
			var err error
			for err == nil && time.Now().Before(end) {
				if _, err = c.Write(out); err == nil {
					_, err = io.ReadFull(c, got)
				}
				n += r.flight
			}
			if err == nil && !bytes.Equal(got, want) {
				err = fmt.Errorf("the echo differs")
			}
			counts <- n
			errs <- err
		}()
	}
	total := 0
	for range s.conns {
		total += <-counts
		if e := <-errs; e != nil {
			err = e
		}
	}
	if err != nil {
		return 0, err
	}
	after, err := cpuTimeOf(s.p.cmd.Process.Pid)
	return float64(after-before) / float64(total), err
}

// cpuTimeOf returns the CPU time that a process has used.
func cpuTimeOf(pid int) (time.Duration, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var total time.Duration
	for _, name := range tasks {
		text, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(ns)
	}
	return total, nil
}
