package frame

import (
	"encoding/binary"
	"math"
)

// The header (RFC 6455, section 5.2):
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-------+-+-------------+-------------------------------+
//	|F|R|R|R| opcode|M| length      | extended length, 2 bytes if   |
//	|I|S|S|S| (4)   |A| (7)         | length is 126, 8 bytes if 127 |
//	|N|V|V|V|       |S|             |                               |
//	| |1|2|3|       |K|             | then 4 bytes of masking key   |
//	+-+-+-+-+-------+-+-------------+ if MASK is set                |
const (
	FinBit  = 0x80 // FIN, in the first byte
	MaskBit = 0x80 // MASK, in the second byte

	rsvBits = RSV1 | RSV2 | RSV3
	opBits  = 0x0f
	lenBits = 0x7f

	len16 = 126 // an extended length of 2 bytes follows
	len64 = 127 // an extended length of 8 bytes follows
)

// The bits of Header.RSV, to which extensions give a meaning (section 5.2). In the
// first byte of a header they have the same values.
const (
	RSV1 byte = 0x40
	RSV2 byte = 0x20
	RSV3 byte = 0x10
)

const (
	// MaxHeader is the length of the longest header, in bytes.
	MaxHeader = 14

	// MaxControl is the length of the longest payload of a control frame, in
	// bytes (section 5.5).
	MaxControl = 125
)

// Header is the header of a frame (RFC 6455, section 5.2). The zero Header is
// that of an empty, unmasked continuation frame that does not end its message.
type Header struct {
	Fin    bool   // the last frame of its message
	RSV    byte   // any of RSV1, RSV2 and RSV3
	Opcode Opcode // up to 0xF
	Masked bool   // a masking key follows the length
	Key    Key    // 0 unless Masked
	Length uint64 // bytes of payload that follow the header

	// Form is 0 if the length is encoded in the fewest bytes, as section 5.2
	// demands. Otherwise it is the size in bytes of the extended length, 2 or
	// 8. Of a length above 65535 only the lowest 16 bits fit in 2 bytes.
	Form uint8
}

// Parse decodes the header at the beginning of p and returns it with its length
// in bytes, 2 to 14. If p ends inside the header, n is 0: call Parse again with
// more bytes. Parse does not change p and keeps no reference to it.
//
// The error is nil or an *Error with the first rule that the bytes of p break;
// see Rule for the order. The rules about the first two bytes are judged as soon
// as these have arrived, even if n is 0. The results other than err are the same
// with and without an error; if n is 0, h holds what the first two bytes say, or
// nothing if there are fewer.
func Parse(p []byte) (h Header, n int, err error) {
	if len(p) < 2 {
		return Header{}, 0, nil
	}
	b0, b1 := p[0], p[1]
	h.Fin = b0&FinBit != 0
	h.RSV = b0 & rsvBits
	h.Opcode = Opcode(b0 & opBits)
	h.Masked = b1&MaskBit != 0
	rule := Check(b0, b1)
	if size := Size(b1); len(p) >= size {
		n = size
		var shortest bool
		if h.Length, shortest = Length(p); !shortest {
			h.Form = uint8(2 + 6*(b1&1)) // 126 or 127
		}
		if h.Masked {
			h.Key = Key(binary.LittleEndian.Uint32(p[size-4:]))
		}
		switch {
		case rule != 0:
		case h.Length > math.MaxInt64:
			rule = RuleMaxLength
		case !shortest:
			rule = RuleShortestLength
		}
	}
	if rule != 0 {
		err = &Error{rule, h}
	}
	return h, n, err
}

// Append appends the header h to dst and returns the extended slice. It judges
// nothing: bits of RSV and Opcode that have no place in a header are dropped.
func Append(dst []byte, h Header) []byte {
	b0 := h.RSV&rsvBits | byte(h.Opcode)&opBits
	if h.Fin {
		b0 |= FinBit
	}
	var b1 byte
	if h.Masked {
		b1 = MaskBit
	}
	switch h.Form {
	case 0:
		dst = AppendStart(dst, b0, b1, h.Length)
	case 2:
		dst = append(dst, b0, b1|len16, byte(h.Length>>8), byte(h.Length))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, b0, b1|len64), h.Length)
	}
	if h.Masked {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(h.Key))
	}
	return dst
}

// Encode returns the frame with the header h and the given payload, which is
// masked with h.Key if h.Masked. A Length of 0 means the length of
// payload. Any other is kept, so that a header can claim what does not follow.
func Encode[P ~string | ~[]byte](h Header, payload P) P {
	if h.Length == 0 {
		h.Length = uint64(len(payload))
	}
	b := Append(make([]byte, 0, MaxHeader+len(payload)), h)
	n := len(b)
	b = append(b, payload...)
	if h.Masked {
		Mask(b[n:], h.Key)
	}
	return P(b)
}
