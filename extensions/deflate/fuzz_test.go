package deflate

import (
	"math/rand/v2"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/driver/wstest"
)

// FuzzConnection sends parts of a text in any way over connections with any parameters,
// with any split, and compares what arrives. The numbers choose.
func FuzzConnection(f *testing.F) {
	text := prose(rand.New(rand.NewPCG(1, 1)), 3000)
	for i := range uint64(20) {
		f.Add(text, i*0x9e3779b97f4a7c15, i)
	}
	f.Add([]byte{}, uint64(0), uint64(1))
	f.Add(make([]byte, 5000), uint64(1), uint64(1))
	f.Fuzz(func(t *testing.T, text []byte, choice, seed uint64) {
		choose := func(n int) int {
			v := int(choice % uint64(n))
			choice /= uint64(n)
			return v
		}
		params := Params{
			ServerNoContextTakeover: choose(2) > 0,
			ClientNoContextTakeover: choose(2) > 0,
			ServerMaxWindowBits:     minBits + choose(8),
			ClientMaxWindowBits:     minBits + choose(8),
		}
		threshold := choose(2) - 1
		server := &Extension{Params: params, Level: 1 + choose(9), Keep: choose(3) - 1, History: choose(5000), Threshold: threshold}
		client := &Extension{Level: 1 + choose(9), Keep: choose(3) - 1, History: choose(5000), Threshold: threshold}
		cfg := &driver.Config{FragmentSize: choose(300), Pieces: choose(2) > 0}
		s, c := connect(t, cfg, cfg, server, client)

		rnd := rand.New(rand.NewPCG(seed, 1))
		var messages [][]byte
		for range 1 + rnd.IntN(20) {
			from := rnd.IntN(len(text) + 1)
			messages = append(messages, text[from:from+rnd.IntN(len(text)-from+1)])
		}
		testMix(t, rnd, s, c, messages)
		testMix(t, rnd, c, s, messages)
	})
}

// FuzzDecode gives any bytes to a receiver, with any split and any room. The outcome is
// the same.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"f2 48 cd c9 c9 07 00", "f3 48 cd c9 c9 07 00 00", "00 05 00 fa ff 48 65 6c 6c 6f 00", "00", "06", "f2 00 11 00 00"} {
		f.Add(unhex(f, s), uint8(0), uint64(1))
	}
	f.Add(unhex(f, "e4 45 b4 b4 b4 b4 b4 3e 1c b4 b4"), uint8(33), uint64(54)) // codes that are no codes
	f.Add([]byte("2H"), uint8(0), uint64(77))                                  // text before the error
	f.Fuzz(func(t *testing.T, p []byte, terms uint8, seed uint64) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		read := func(cut func() int, room int) (string, string) {
			r := newReceiver(side{true, minBits + terms%8})
			out, err := r.read(wstest.Cut(p, cut), room)
			text := ""
			if err != nil {
				text = err.Error()
			}
			return string(out), text
		}
		want, wantErr := read(func() int { return len(p) }, 1<<20)
		for _, room := range []int{1, 7, 300, 5000} {
			got, err := read(func() int { return 1 + rnd.IntN(20) }, room)
			if got != want || err != wantErr {
				t.Fatalf("in pieces, %d bytes of room: %q, %s; whole: %q, %s", room, got, err, want, wantErr)
			}
		}
	})
}
