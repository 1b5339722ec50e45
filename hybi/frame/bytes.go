package frame

import (
	"encoding/binary"
	"math"
)

// The functions of this file are the parts of Parse and Append. They work on the
// bytes of a header, for state machines that read headers as they arrive.

// Size returns the length in bytes, 2 to 14, of a header whose second byte is
// b1.
func Size(b1 byte) int {
	n := 2
	switch b1 & lenBits {
	case len16:
		n += 2
	case len64:
		n += 8
	}
	if b1&MaskBit != 0 {
		n += 4
	}
	return n
}

// Check returns the first rule that the first two bytes of a header break, or 0:
// RuleOpcode, RuleControlFinal or RuleControlLength.
func Check(b0, b1 byte) Rule {
	op := Opcode(b0 & opBits)
	switch {
	case op.IsReserved():
		return RuleOpcode
	case !op.IsControl():
		return 0
	case b0&FinBit == 0:
		return RuleControlFinal
	case b1&lenBits > MaxControl:
		return RuleControlLength
	}
	return 0
}

// Length returns the length in bytes of the payload that follows a header, and
// whether it is encoded in the fewest bytes, as section 5.2 demands. p begins
// with the complete header: it has at least Size(p[1]) bytes.
func Length(p []byte) (n uint64, shortest bool) {
	switch b := p[1] & lenBits; b {
	case len16:
		n = uint64(binary.BigEndian.Uint16(p[2:]))
		return n, n >= len16
	case len64:
		n = binary.BigEndian.Uint64(p[2:])
		return n, n > math.MaxUint16
	default:
		return uint64(b), true
	}
}

// AppendStart appends a header without its masking key to dst and returns the
// extended slice. b0 is the first byte, b1 is MaskBit or 0. The length is encoded
// in the fewest bytes.
func AppendStart(dst []byte, b0, b1 byte, length uint64) []byte {
	switch {
	case length < len16:
		return append(dst, b0, b1|byte(length))
	case length <= math.MaxUint16:
		return append(dst, b0, b1|len16, byte(length>>8), byte(length))
	}
	return binary.BigEndian.AppendUint64(append(dst, b0, b1|len64), length)
}
