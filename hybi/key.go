package hybi

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/sans-io/websocket-driver/hybi/frame"
)

// keys hands out masking keys (section 5.3: fresh, unpredictable, from a strong
// source of entropy). It reads them in batches, and wipes each key once used.
type keys struct {
	batch [256]byte
	used  int // bytes at the front of batch that have been handed out
}

func newKeys() *keys { return &keys{used: len(keys{}.batch)} }

// next returns a key. An error of rand leaves keys unchanged, so the next call
// tries again.
func (k *keys) next(rand io.Reader) (frame.Key, error) {
	if k.used == len(k.batch) {
		if _, err := io.ReadFull(rand, k.batch[:]); err != nil {
			clear(k.batch[:])
			return 0, fmt.Errorf("websocket: no masking key: %w", err)
		}
		k.used = 0
	}
	b := k.batch[k.used : k.used+4]
	key := binary.LittleEndian.Uint32(b)
	clear(b)
	k.used += 4
	return frame.Key(key), nil
}
