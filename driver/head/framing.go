package head

import (
	"bytes"
	"strconv"
)

// framing holds what the fields of a request so far say about where the
// request goes and where its body ends: the fields with which requests are
// smuggled past a proxy that reads them differently.
type framing struct {
	host      bool   // a Host field has come
	coded     bool   // a Transfer-Encoding field has come
	hasLength bool   // a Content-Length field has come
	length    uint64 // what it said
}

// add takes a field and returns what is wrong, or "".
func (f *framing) add(name, value []byte) string {
	switch {
	case equalFold(name, "Host"):
		return f.addHost(bytes.Trim(value, " \t"))
	case equalFold(name, "Content-Length"):
		return f.addLength(bytes.Trim(value, " \t"))
	case equalFold(name, "Transfer-Encoding"):
		f.coded = true
		return f.conflict()
	}
	return ""
}

// addHost demands that there is one Host at most, and that it is made of what
// a host and a port may hold (RFC 9112, 3.2). It may be empty.
func (f *framing) addHost(value []byte) string {
	if f.host {
		return "second Host field"
	}
	f.host = true
	for _, c := range value {
		if classes[c]&hostByte == 0 {
			return byteText(c) + " in the Host field"
		}
	}
	return ""
}

// addLength demands one plain number (RFC 9110, 8.6; RFC 9112, 6.3). The same
// number twice is accepted, a list is not.
func (f *framing) addLength(value []byte) string {
	for _, c := range value {
		if !isDigit(c) {
			return "malformed Content-Length: " + byteText(c)
		}
	}
	n, err := strconv.ParseUint(string(value), 10, 63)
	if err != nil {
		return "malformed Content-Length: empty or beyond 63 bits"
	}
	if f.hasLength && n != f.length {
		return "two different Content-Length fields"
	}
	f.hasLength, f.length = true, n
	return f.conflict()
}

// conflict applies RFC 9112, 6.1: a request with both fields may be smuggled.
func (f *framing) conflict() string {
	if f.coded && f.hasLength {
		return "Content-Length and Transfer-Encoding in one request"
	}
	return ""
}
