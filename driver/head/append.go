package head

import (
	"strconv"

	"github.com/sans-io/websocket-driver/driver/ws"
)

// misuse is an error of the caller: it wraps [ws.ErrUnsupported].
type misuse string

func (m misuse) Error() string { return ws.ErrUnsupported.Error() + ": " + string(m) }

func (m misuse) Unwrap() error { return ws.ErrUnsupported }

// AppendRequest appends the request line, the fields and the empty line to dst.
// The version written is always HTTP/1.1; Protocol, Scheme and Authority are
// not looked at, so the caller puts Host into Fields.
//
// If the method is no token or [CheckTarget] or [CheckField] refuses a part,
// dst is returned unchanged with an error that wraps [ws.ErrUnsupported].
func AppendRequest(dst []byte, r *Request) ([]byte, error) {
	if !IsToken(r.Method) {
		return dst, misuse("method" + badToken(r.Method))
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
	return appendFields(dst, r.Fields), nil
}

// AppendResponse appends the status line, the fields, the empty line and Body
// to dst. Version 0.0 means 1.1; an empty Reason means [StatusText].
//
// If the version is not 1.0 or 1.1, the status not from 100 to 599, the reason
// holds a control byte or [CheckField] refuses a field, dst is returned
// unchanged with an error that wraps [ws.ErrUnsupported].
func AppendResponse(dst []byte, r *Response) ([]byte, error) {
	major, minor := r.Major, r.Minor
	if major == 0 && minor == 0 {
		major, minor = 1, 1
	}
	if major != 1 || minor < 0 || minor > 1 {
		return dst, misuse("HTTP version " + strconv.Itoa(major) + "." + strconv.Itoa(minor))
	}
	if r.Status < 100 || r.Status > 599 {
		return dst, misuse("status " + strconv.Itoa(r.Status) + " is not from 100 to 599")
	}
	reason := r.Reason
	if reason == "" {
		reason = StatusText(r.Status)
	}
	if i := outside(reason, textByte); i >= 0 {
		return dst, misuse("reason phrase: " + byteAt(reason, i))
	}
	if err := checkFields(r.Fields); err != nil {
		return dst, err
	}
	dst = append(dst, "HTTP/1."...)
	dst = append(dst, '0'+byte(minor), ' ')
	dst = strconv.AppendInt(dst, int64(r.Status), 10)
	dst = append(dst, ' ') // RFC 9112, 4: also if no reason phrase follows
	dst = append(dst, reason...)
	dst = append(dst, "\r\n"...)
	dst = appendFields(dst, r.Fields)
	return append(dst, r.Body...), nil
}

// appendFields appends field lines that have been checked and the empty line.
func appendFields(dst []byte, fields []Field) []byte {
	for i := range fields {
		dst = append(dst, fields[i].Name...)
		dst = append(dst, ": "...)
		dst = append(dst, fields[i].Value...)
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "\r\n"...)
}

func checkFields(fields []Field) error {
	for i := range fields {
		if err := CheckField(fields[i]); err != nil {
			return err
		}
	}
	return nil
}

// CheckField reports whether f can be written: the name is a token and the
// value holds no control byte but HTAB (RFC 9110, 5.1 and 5.5), so neither CR,
// LF nor NUL; 0x80 to 0xff are allowed. A value that begins or ends with a
// blank is refused, since the peer would drop the blank. The error wraps
// [ws.ErrUnsupported] and never holds the value.
func CheckField(f Field) error {
	if !IsToken(f.Name) {
		return misuse("field name" + badToken(f.Name))
	}
	v := f.Value
	if i := outside(v, textByte); i >= 0 {
		return misuse("value of field " + quoteName(f.Name) + ": " + byteAt(v, i))
	}
	if v != trimBlanks(v) {
		return misuse("value of field " + quoteName(f.Name) + ": blank at its start or end")
	}
	return nil
}

// CheckTarget reports whether s can be sent as the target of a request: not
// empty, and printable ASCII without blanks and '#', since a fragment is never
// sent (RFC 9112, 3.2). The error wraps [ws.ErrUnsupported] and holds the
// wrong byte only.
func CheckTarget(s string) error {
	if s == "" {
		return misuse("request target: empty")
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == '#' || s[i] >= 0x7f {
			return misuse("request target: " + byteAt(s, i))
		}
	}
	return nil
}

// outside returns the index of the first byte of s that is not of the class,
// or -1.
func outside(s string, class uint8) int {
	for i := range len(s) {
		if classes[s[i]]&class == 0 {
			return i
		}
	}
	return -1
}

// byteAt writes the byte i of s as "byte 0x0a at offset 3".
func byteAt(s string, i int) string {
	return byteText(s[i]) + " at offset " + strconv.Itoa(i)
}

// badToken says why s is no token.
func badToken(s string) string {
	if s == "" {
		return ": empty"
	}
	return " " + quoteName(s) + ": " + byteAt(s, outside(s, tchar))
}
