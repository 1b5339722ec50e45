package hybi

import (
	"encoding/binary"
	"math"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// The frame header (RFC 6455, section 5.2; alike in hybi-7 and hybi-8):
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
	finBit  = 0x80
	rsvBits = 0x70
	opBits  = 0x0f
	maskBit = 0x80
	lenBits = 0x7f

	len16 = 126 // an extended length of 2 bytes follows
	len64 = 127 // an extended length of 8 bytes follows

	maxControl = 125 // payload of a control frame (section 5.5)
	maxHeader  = 14
)

// An opcode says what a frame is (section 5.2).
type opcode byte

const (
	opContinuation opcode = 0x0
	opText         opcode = 0x1
	opBinary       opcode = 0x2
	opClose        opcode = 0x8
	opPing         opcode = 0x9
	opPong         opcode = 0xa
)

func (o opcode) isControl() bool { return o&0x8 != 0 }

func (o opcode) isKnown() bool {
	switch o {
	case opContinuation, opText, opBinary, opClose, opPing, opPong:
		return true
	}
	return false
}

// opcodeOf returns the opcode of a message or control frame of kind k.
func opcodeOf(k ws.Kind) (o opcode, ok bool) {
	switch k {
	case ws.Text:
		return opText, true
	case ws.Binary:
		return opBinary, true
	case ws.Ping:
		return opPing, true
	case ws.Pong:
		return opPong, true
	}
	return 0, false
}

// kind is the kind of message or event that a frame with this opcode begins.
func (o opcode) kind() ws.Kind {
	switch o {
	case opText:
		return ws.Text
	case opBinary:
		return ws.Binary
	case opPing:
		return ws.Ping
	case opPong:
		return ws.Pong
	}
	return ws.None
}

// headerSize returns the length of a header whose second byte is b1.
func headerSize(b1 byte) int {
	n := 2
	switch b1 & lenBits {
	case len16:
		n += 2
	case len64:
		n += 8
	}
	if b1&maskBit != 0 {
		n += 4
	}
	return n
}

// payloadLength reads the length of a complete header, and reports whether it
// is encoded in the fewest bytes.
func payloadLength(h []byte) (n uint64, shortest bool) {
	switch b := h[1] & lenBits; b {
	case len16:
		n = uint64(binary.BigEndian.Uint16(h[2:]))
		return n, n >= len16
	case len64:
		n = binary.BigEndian.Uint64(h[2:])
		return n, n > math.MaxUint16
	default:
		return uint64(b), true
	}
}

// appendHeader appends a header without masking key. b0 is the first byte,
// mask is maskBit or 0.
func appendHeader(dst []byte, b0, mask byte, n int) []byte {
	switch {
	case n < len16:
		return append(dst, b0, mask|byte(n))
	case n <= math.MaxUint16:
		return append(dst, b0, mask|len16, byte(n>>8), byte(n))
	}
	dst = append(dst, b0, mask|len64)
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}

// AppendMessage appends a message of kind k, Text or Binary, as a server without
// extensions sends it: in one frame or, if fragmentSize is above 0, in frames of
// at most so many bytes.
func AppendMessage(dst []byte, k ws.Kind, p []byte, fragmentSize int) []byte {
	return AppendEncoded(dst, k, 0, p, fragmentSize)
}

// AppendEncoded is AppendMessage for what an extension has made of a message;
// rsv are the bits that it sets on the first frame.
func AppendEncoded(dst []byte, k ws.Kind, rsv byte, p []byte, fragmentSize int) []byte {
	op, _ := opcodeOf(k)
	b0 := byte(op) | rsv
	for fragmentSize > 0 && len(p) > fragmentSize {
		dst = append(appendHeader(dst, b0, 0, fragmentSize), p[:fragmentSize]...)
		b0, p = byte(opContinuation), p[fragmentSize:]
	}
	return append(appendHeader(dst, finBit|b0, 0, len(p)), p...)
}
