package head

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// invalid returns an error about an argument of the caller.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ws.ErrInvalid, fmt.Sprintf(format, args...))
}

// AppendRequest appends the request line, the fields and the empty line to dst.
// It always writes HTTP/1.1. Protocol, Scheme and Authority are ignored, so
// Fields must contain Host.
//
// If the method is not a token, or if [CheckTarget] or [CheckField] rejects a
// part, AppendRequest returns dst unchanged and an error that wraps
// [ws.ErrInvalid].
func AppendRequest(dst []byte, r *Request) ([]byte, error) {
	if !IsToken(r.Method) {
		return dst, invalid("method%s", badToken(r.Method))
	}
	if err := CheckTarget(r.Target); err != nil {
		return dst, err
	}
	if err := checkFields(r.Fields); err != nil {
		return dst, err
	}
	dst = append(dst, r.Method...)
	dst = append(dst, ' ')
	dst = append(dst, r.Target...)
	dst = append(dst, " HTTP/1.1\r\n"...)
	return append(AppendFields(dst, r.Fields), "\r\n"...), nil
}

// RequestLen returns how many bytes AppendRequest appends.
func RequestLen(r *Request) int {
	return len(r.Method) + len(" ") + len(r.Target) + len(" HTTP/1.1\r\n") + FieldsLen(r.Fields) + len("\r\n")
}

// AppendResponse appends the status line, the fields, the empty line and Body
// to dst. Version 0.0 means 1.1. An empty Reason means [StatusText].
//
// If the version is not 1.0 or 1.1, the status is not from 100 to 599, the
// reason contains a control byte, or [CheckField] rejects a field,
// AppendResponse returns dst unchanged and an error that wraps [ws.ErrInvalid].
func AppendResponse(dst []byte, r *Response) ([]byte, error) {
	major, minor := r.Major, r.Minor
	if major == 0 && minor == 0 {
		major, minor = 1, 1
	}
	if major != 1 || minor < 0 || minor > 1 {
		return dst, invalid("HTTP version %d.%d is not 1.0 or 1.1", major, minor)
	}
	if r.Status < 100 || r.Status > 599 {
		return dst, invalid("status %d is not from 100 to 599", r.Status)
	}
	reason := r.Reason
	if reason == "" {
		reason = StatusText(r.Status)
	}
	if i := outside(reason, textByte); i >= 0 {
		return dst, invalid("reason phrase: %s", byteAt(reason, i))
	}
	if err := checkFields(r.Fields); err != nil {
		return dst, err
	}
	dst = append(dst, "HTTP/1."...)
	dst = append(dst, '0'+byte(minor), ' ')
	dst = strconv.AppendInt(dst, int64(r.Status), 10)
	dst = append(dst, ' ') // RFC 9112, section 4: also without a reason phrase
	dst = append(dst, reason...)
	dst = append(dst, "\r\n"...)
	dst = append(AppendFields(dst, r.Fields), "\r\n"...)
	return append(dst, r.Body...), nil
}

// FieldsLen returns how many bytes AppendFields appends.
func FieldsLen(fields []Field) int {
	n := 0
	for i := range fields {
		n += len(fields[i].Name) + len(": ") + len(fields[i].Value) + len("\r\n")
	}
	return n
}

// AppendFields appends the lines of fields that [CheckField] has accepted.
func AppendFields(dst []byte, fields []Field) []byte {
	for i := range fields {
		dst = append(dst, fields[i].Name...)
		dst = append(dst, ": "...)
		dst = append(dst, fields[i].Value...)
		dst = append(dst, "\r\n"...)
	}
	return dst
}

func checkFields(fields []Field) error {
	for i := range fields {
		if err := CheckField(fields[i]); err != nil {
			return err
		}
	}
	return nil
}

// CheckField reports whether f can be sent: the name must be a token, and the
// value must not contain control bytes other than HTAB (RFC 9110, sections 5.1
// and 5.5), in particular no CR, LF or NUL. Bytes from 0x80 to 0xff are allowed.
// A value that begins or ends with a blank is rejected, because the peer would
// strip the blank. The error wraps [ws.ErrInvalid] and never contains the value.
func CheckField(f Field) error {
	if !IsToken(f.Name) || outside(f.Value, textByte) >= 0 || f.Value != trimBlanks(f.Value) {
		return badField(f)
	}
	return nil
}

// badField says why f cannot be sent.
func badField(f Field) error {
	if !IsToken(f.Name) {
		return invalid("field name%s", badToken(f.Name))
	}
	if i := outside(f.Value, textByte); i >= 0 {
		return invalid("value of field %s: %s", Quote(f.Name), byteAt(f.Value, i))
	}
	return invalid("value of field %s: leading or trailing blank", Quote(f.Name))
}

// CheckTarget reports whether s can be sent as a request target: it must not be
// empty, and must consist of printable ASCII without blanks and '#', because
// fragments are never sent (RFC 9112, section 3.2). The error wraps
// [ws.ErrInvalid] and contains only the offending byte.
func CheckTarget(s string) error {
	if s == "" {
		return invalid("empty request target")
	}
	i := outside(s, visible)
	if fragment := strings.IndexByte(s, '#'); fragment >= 0 && (i < 0 || fragment < i) {
		i = fragment
	}
	if i >= 0 {
		return invalid("request target: %s", byteAt(s, i))
	}
	return nil
}

// outside returns the index of the first byte of s that is not in the class, or
// -1.
func outside(s string, class uint8) int {
	for i := range len(s) {
		if classes[s[i]]&class == 0 {
			return i
		}
	}
	return -1
}

// byteAt formats byte i of s as "byte 0x0a at offset 3".
func byteAt(s string, i int) string {
	return byteText(s[i]) + " at offset " + strconv.Itoa(i)
}

// badToken says why s is not a token.
func badToken(s string) string {
	if s == "" {
		return " is empty"
	}
	return " " + Quote(s) + ": " + byteAt(s, outside(s, tchar))
}
