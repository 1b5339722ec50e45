package metrics

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
)

func otelTrace(m metric.Meter) (*stream.Trace, error) {
	ctx := context.Background()
	open, err1 := m.Int64UpDownCounter("websocket.connections")
	refused, err2 := m.Int64Counter("websocket.refused")
	closed, err3 := m.Int64Counter("websocket.closed")
	received, err4 := m.Int64Histogram("websocket.received", metric.WithUnit("By"))
	sent, err5 := m.Int64Histogram("websocket.sent", metric.WithUnit("By"))
	latency, err6 := m.Float64Histogram("websocket.ping", metric.WithUnit("s"))
	return &stream.Trace{
		Opened:  func(*stream.Conn) { open.Add(ctx, 1) },
		Refused: func(*stream.Conn, error) { refused.Add(ctx, 1) },
		Closed: func(_ *stream.Conn, code driver.Code, _ error) {
			open.Add(ctx, -1)
			closed.Add(ctx, 1, metric.WithAttributes(attribute.Int("code", int(code))))
		},
		Received: func(_ *stream.Conn, _ driver.Kind, n int) { received.Record(ctx, int64(n)) },
		Sent:     func(_ *stream.Conn, _ driver.Kind, n int) { sent.Record(ctx, int64(n)) },
		Ponged:   func(_ *stream.Conn, d time.Duration) { latency.Record(ctx, d.Seconds()) },
	}, errors.Join(err1, err2, err3, err4, err5, err6)
}

func TestOpenTelemetry(t *testing.T) {
	reader := sdk.NewManualReader()
	trace, err := otelTrace(sdk.NewMeterProvider(sdk.WithReader(reader)).Meter("websocket"))
	if err != nil {
		t.Fatal(err)
	}
	useConnection(t, trace)
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	sums, counts := map[string]int64{}, map[string]uint64{}
	for _, m := range got.ScopeMetrics[0].Metrics {
		switch d := m.Data.(type) {
		case metricdata.Sum[int64]:
			sums[m.Name] = d.DataPoints[0].Value
		case metricdata.Histogram[int64]:
			counts[m.Name] = d.DataPoints[0].Count
		case metricdata.Histogram[float64]:
			counts[m.Name] = d.DataPoints[0].Count
		}
	}
	for name, want := range map[string]int64{"websocket.connections": 0, "websocket.refused": 1, "websocket.closed": 1} {
		if got, ok := sums[name]; got != want || !ok {
			t.Errorf("%s: %d, not %d", name, got, want)
		}
	}
	for name, want := range map[string]uint64{"websocket.received": 1, "websocket.sent": 1, "websocket.ping": 1} {
		if counts[name] != want {
			t.Errorf("%s: %d, not %d", name, counts[name], want)
		}
	}
}
