package deflate

import "testing"

// TestLend holds the sizes of the buffers that are lent, and what is taken back.
func TestLend(t *testing.T) {
	var r receiver
	for _, tt := range []struct{ n, want int }{
		{1, 4 << 10}, {4 << 10, 4 << 10}, {4<<10 + 1, 8 << 10}, {100 << 10, 128 << 10}, {128 << 10, 128 << 10}, {128<<10 + 1, 0},
	} {
		for range 2 { // the second time perhaps the same buffer
			b := r.Lend(tt.n)
			if len(b) != 0 || cap(b) != tt.want {
				t.Errorf("%d bytes: length %d, capacity %d, want %d", tt.n, len(b), cap(b), tt.want)
			}
			r.Return(b)
		}
	}
	for _, n := range []int{0, 1, 2 << 10, 4<<10 - 1, 5 << 10, 256 << 10} {
		r.Return(make([]byte, n)) // not one of those: let go
	}
	for _, n := range []int{1, 5 << 10} {
		if b := r.Lend(n); cap(b) != 4<<10 && cap(b) != 8<<10 {
			t.Errorf("a buffer of %d bytes has been lent", cap(b))
		}
	}
}
