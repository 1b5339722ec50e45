package wstest

import "github.com/sans-io/websocket-driver/hybi/frame"

// ClientFrame returns a frame as a client sends it, with a masking key of zeros, so
// that the payload is readable. b0 is the first byte of its header: FIN, the reserved
// bits and the opcode.
func ClientFrame[P ~string | ~[]byte](b0 byte, payload P) P {
	h := header(b0)
	h.Masked = true
	return frame.Encode(h, payload)
}

// ServerFrame returns a frame as a server sends it, not masked. b0 is as in
// ClientFrame.
func ServerFrame[P ~string | ~[]byte](b0 byte, payload P) P { return frame.Encode(header(b0), payload) }

func header(b0 byte) frame.Header {
	return frame.Header{
		Fin:    b0&frame.FinBit != 0,
		RSV:    b0 & (frame.RSV1 | frame.RSV2 | frame.RSV3),
		Opcode: frame.Opcode(b0 & 0x0f),
	}
}
