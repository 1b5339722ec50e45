package frame_test

import (
	"errors"
	"fmt"

	"github.com/sans-io/websocket-driver/hybi/frame"
)

// Frames of recorded input are listed without a connection.
func ExampleParse() {
	input := []byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x00\x0b\x00")
	for len(input) > 0 {
		h, n, err := frame.Parse(input)
		if rule := frame.Rule(0); errors.As(err, &rule) {
			fmt.Printf("%v, section %s\n", err, rule.Section())
		}
		if n == 0 || h.Length > uint64(len(input)-n) {
			break // the rest has not arrived
		}
		payload := input[n : n+int(h.Length)]
		frame.Mask(payload, h.Key) // the key of an unmasked frame is 0
		fmt.Printf("%v %q\n", h.Opcode, payload)
		input = input[n+int(h.Length):]
	}
	// Output:
	// text "Hello"
	// ping ""
	// websocket: reserved opcode 0xb, section 5.2
	// 0xb ""
}

// Frames are drawn by their fields, invalid ones too.
func ExampleEncode() {
	fmt.Printf("% x\n", frame.Encode(frame.Header{Fin: true, Opcode: frame.Text}, "Hello"))
	fmt.Printf("% x\n", frame.Encode(frame.Header{Opcode: frame.Ping, RSV: frame.RSV1, Form: 2, Masked: true, Key: 0x01020304}, "!"))
	// Output:
	// 81 05 48 65 6c 6c 6f
	// 49 fe 00 01 04 03 02 01 25
}
