package hub_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/sans-io/websocket-driver/adapters/hub"
	"github.com/sans-io/websocket-driver/adapters/stream"
	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestRooms joins and leaves; rooms that are empty vanish.
func TestRooms(t *testing.T) {
	wstest.NoLeaks(t)
	var r hub.Rooms[string]
	_, a := open(t, nil, nil)
	_, b := open(t, nil, nil)
	want := func(room string, conns ...*stream.Conn) {
		t.Helper()
		got := slices.Collect(r.Members(room))
		if len(got) != len(conns) || r.Len(room) != len(conns) {
			t.Errorf("%s has %d members, Len %d, not %d", room, len(got), r.Len(room), len(conns))
		}
		for _, c := range conns {
			if !slices.Contains(got, c) {
				t.Errorf("a member of %s is missing", room)
			}
		}
	}
	want("x")
	if r.Leave("x", a) || r.Of(a) != nil || r.Keys() != nil {
		t.Error("the zero Rooms is not empty")
	}
	for i := range 2 {
		if joined := r.Join("x", a); joined != (i == 0) {
			t.Errorf("call %d of Join returns %v", i, joined)
		}
	}
	r.Join("y", a)
	r.Join("x", b)
	want("x", a, b)
	want("y", a)
	of, keys := r.Of(a), r.Keys()
	slices.Sort(of)
	slices.Sort(keys)
	if !slices.Equal(of, []string{"x", "y"}) || !slices.Equal(keys, of) || !slices.Equal(r.Of(b), []string{"x"}) {
		t.Errorf("rooms %q, of a connection %q, of the other %q", keys, of, r.Of(b))
	}
	if r.Leave("y", b) {
		t.Error("a connection has left a room in which it was not")
	}
	for i := range 2 {
		if left := r.Leave("y", a); left != (i == 0) {
			t.Errorf("call %d of Leave returns %v", i, left)
		}
	}
	if keys := r.Keys(); !slices.Equal(keys, []string{"x"}) {
		t.Errorf("rooms %q: an empty one is left", keys)
	}
	for c := range r.Members("x") { // the loop may change the room
		r.Leave("x", c)
	}
	if len(r.Keys()) != 0 || r.Of(a) != nil {
		t.Errorf("rooms %q are left", r.Keys())
	}
}

// TestRoomsEnd: a connection that is over leaves all rooms, and cannot join again.
func TestRoomsEnd(t *testing.T) {
	wstest.NoLeaks(t)
	var r hub.Rooms[int]
	_, a := open(t, nil, nil)
	_, b := open(t, nil, nil)
	for room := range 3 {
		r.Join(room, a)
		r.Join(room, b)
	}
	r.Leave(1, b)
	a.CloseNow()
	<-a.Done()
	if r.Len(0) != 1 || r.Len(1) != 0 || r.Len(2) != 1 || r.Of(a) != nil || len(r.Keys()) != 2 {
		t.Errorf("%d, %d and %d members, rooms %v", r.Len(0), r.Len(1), r.Len(2), r.Keys())
	}
	r.Join(5, a)
	if r.Len(5) != 0 || len(r.Keys()) != 2 {
		t.Errorf("a connection that is over has joined: rooms %v", r.Keys())
	}
	b.CloseNow()
	<-b.Done()
	if len(r.Keys()) != 0 {
		t.Errorf("rooms %v are left", r.Keys())
	}
}

// TestRoomsBroadcast sends to a room, in which one connection is over, but has not left.
func TestRoomsBroadcast(t *testing.T) {
	wstest.NoLeaks(t)
	var r hub.Rooms[string]
	in, a := open(t, nil, nil)
	out, b := open(t, nil, nil)
	r.Join("in", a)
	r.Join("out", b)
	m, err := hub.NewPrepared(driver.Text, []byte("again"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if sent, left := m.Broadcast(r.Members("in")); sent != 1 || left != nil {
			t.Errorf("sent to %d, left out %d", sent, len(left))
		}
	}
	if sent, left, err := hub.Broadcast(r.Members("nobody"), driver.Text, nil); sent != 0 || left != nil || err != nil {
		t.Error(sent, left, err)
	}
	for range 2 {
		wantMessage(t, in, driver.Text, "again")
	}
	b.Queue(driver.Text, []byte("not for the room"))
	wantMessage(t, out, driver.Text, "not for the room")
	go func() { _, _, _ = in.ReadMessage(nil) }()
	if err := a.WriteClose(driver.CodeNormal, ""); err != nil {
		t.Fatal(err)
	}
	if sent, left := m.Broadcast(slices.Values([]*stream.Conn{a, b})); sent != 1 || !slices.Equal(left, []*stream.Conn{a}) {
		t.Errorf("sent to %d, left out %d", sent, len(left))
	}
}

// TestRoomsTogether calls everything from many goroutines, while connections end.
func TestRoomsTogether(t *testing.T) {
	wstest.NoLeaks(t)
	var r hub.Rooms[int]
	var all hub.Registry
	var busy, receivers sync.WaitGroup
	for range 8 {
		client, server := open(t, nil, nil)
		all.Add(server)
		receivers.Go(func() {
			for range client.Messages() {
			}
		})
		for range 2 {
			busy.Go(func() {
				for i := range 200 {
					r.Join(i%3, server)
					if _, _, err := hub.Broadcast(r.Members(i%3), driver.Text, []byte(strconv.Itoa(i))); err != nil {
						t.Error(err)
					}
					r.Of(server)
					r.Keys()
					r.Leave(i%2, server)
				}
				server.CloseNow()
			})
		}
	}
	if err := all.Wait(context.Background()); err != nil {
		t.Error(err)
	}
	busy.Wait()
	if len(r.Keys()) != 0 {
		t.Errorf("rooms %v are left", r.Keys())
	}
	receivers.Wait()
}
