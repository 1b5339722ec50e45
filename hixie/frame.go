package hixie

import "slices"

// The bytes that delimit frames (draft-76, sections 4.2 and 5.3; draft-75
// frames in the same way).
const (
	typeText     = 0x00 // a text follows, up to endText
	typeClosing  = 0xFF // with the length 0: the closing handshake of draft-76
	typeLength   = 0x80 // this bit: a length and that many bytes follow
	endText      = 0xFF // never occurs in UTF-8
	lengthMore   = 0x80 // this bit: another byte of the length follows
	lengthGroup  = 7    // bits of the length in each of its bytes
	lengthLowest = 0x7F // the bits of the group
)

// maxLengthBytes is how many bytes a length may have: 63 bits, so that it
// never overflows, and leading zero groups come to an end.
const maxLengthBytes = 9

// AppendText appends p as one text message, 0x00 p 0xFF, and returns the
// extended dst. p is copied and must be valid UTF-8.
func AppendText(dst, p []byte) []byte {
	dst = slices.Grow(dst, len(p)+2)
	dst = append(dst, typeText)
	dst = append(dst, p...)
	return append(dst, endText)
}

// appendClosing appends the closing handshake of draft-76: FF 00.
func appendClosing(dst []byte) []byte {
	return append(dst, typeClosing, 0)
}
