package metrics

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

func prometheusTrace(r prometheus.Registerer) *stream.Trace {
	f := promauto.With(r)
	open := f.NewGauge(prometheus.GaugeOpts{Name: "websocket_connections"})
	refused := f.NewCounter(prometheus.CounterOpts{Name: "websocket_refused_total"})
	closed := f.NewCounterVec(prometheus.CounterOpts{Name: "websocket_closed_total"}, []string{"code"})
	received := f.NewHistogram(prometheus.HistogramOpts{Name: "websocket_received_bytes", Buckets: prometheus.ExponentialBuckets(64, 8, 6)})
	sent := f.NewHistogram(prometheus.HistogramOpts{Name: "websocket_sent_bytes", Buckets: prometheus.ExponentialBuckets(64, 8, 6)})
	latency := f.NewHistogram(prometheus.HistogramOpts{Name: "websocket_ping_seconds"})
	return &stream.Trace{
		Opened:  func(*stream.Conn) { open.Inc() },
		Refused: func(*stream.Conn, error) { refused.Inc() },
		Closed: func(_ *stream.Conn, code driver.Code, _ error) {
			open.Dec()
			closed.WithLabelValues(strconv.Itoa(int(code))).Inc()
		},
		Received: func(_ *stream.Conn, _ driver.Kind, n int) { received.Observe(float64(n)) },
		Sent:     func(_ *stream.Conn, _ driver.Kind, n int) { sent.Observe(float64(n)) },
		Ponged:   func(_ *stream.Conn, d time.Duration) { latency.Observe(d.Seconds()) },
	}
}

func TestPrometheus(t *testing.T) {
	r := prometheus.NewRegistry()
	useConnection(t, prometheusTrace(r))
	want := `
# TYPE websocket_closed_total counter
websocket_closed_total{code="4000"} 1
# TYPE websocket_connections gauge
websocket_connections 0
# TYPE websocket_refused_total counter
websocket_refused_total 1
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "websocket_closed_total", "websocket_connections", "websocket_refused_total"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"websocket_received_bytes", "websocket_sent_bytes", "websocket_ping_seconds"} {
		if n, err := testutil.GatherAndCount(r, name); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}
