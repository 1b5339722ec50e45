package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"
)

var latencyRate = flag.Int("latency", 0, "measure the time to an echo instead, with 1000 connections and so many messages a second (Linux)")

const latencyConns = 1000

// latencyServers are compared with the first.
var latencyServers = []string{"limit", "this, netconn", "gws", "gobwas", "gorilla"}

// measureLatency prints how long 125 bytes and their echo take. Each connection sends at
// random times.
func measureLatency(rate, rounds int) error {
	if err := raiseFileLimit(2*latencyConns + 100); err != nil {
		return err
	}
	var all [][]net.Conn
	for _, name := range latencyServers {
		p, addr, err := startServer(name)
		if err != nil {
			return err
		}
		defer p.stop()
		conns, err := openMany(addr, false, latencyConns)
		for _, c := range conns {
			defer c.Close()
		}
		if err != nil {
			return err
		}
		all = append(all, conns)
	}
	p50, p99 := make([][]float64, len(all)), make([][]float64, len(all))
	for range rounds {
		for i, conns := range all {
			times, err := echoTimes(conns, rate)
			if err != nil {
				return fmt.Errorf("%s: %w", latencyServers[i], err)
			}
			slices.Sort(times)
			p50[i] = append(p50[i], float64(times[len(times)/2].Microseconds()))
			p99[i] = append(p99[i], float64(times[len(times)*99/100].Microseconds()))
		}
	}
	fmt.Printf("%d connections, %d messages a second\n%-20s %10s %10s %12s\n", latencyConns, rate, "", "p50 µs", "p99 µs", "p99 ratio")
	for i, name := range latencyServers {
		var ratios []float64
		for j, v := range p99[i] {
			ratios = append(ratios, v/p99[0][j])
		}
		fmt.Printf("%-20s %10.0f %10.0f %12.2f\n", name, median(p50[i]), median(slices.Clone(p99[i])), median(ratios))
	}
	return nil
}

// echoTimes sends for two seconds, and returns how long each echo has taken.
func echoTimes(conns []net.Conn, rate int) (all []time.Duration, err error) {
	payload := makePayload("ascii", 125)
	out, size := maskedFrame(payload), len(unmaskedFrame(payload))
	end := time.Now().Add(2 * time.Second)
	pause := time.Duration(float64(time.Second) * float64(len(conns)) / float64(rate))
	var mu sync.Mutex
	var group sync.WaitGroup
	for _, c := range conns {
		group.Go(func() {
			var times []time.Duration
			in := make([]byte, size)
			var failed error
			for failed == nil {
				time.Sleep(time.Duration(rand.ExpFloat64() * float64(pause)))
				start := time.Now()
				if start.After(end) {
					break
				}
				if _, failed = c.Write(out); failed == nil {
					_, failed = io.ReadFull(c, in)
				}
				times = append(times, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			if all = append(all, times...); failed != nil {
				err = failed
			}
		})
	}
	group.Wait()
	return all, err
}
