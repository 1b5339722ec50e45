package ws

import "strconv"

// Code is a close code (RFC 6455, section 7.4).
type Code uint16

// The close codes that RFC 6455 and the IANA registry define.
const (
	CodeNormal             Code = 1000
	CodeGoingAway          Code = 1001
	CodeProtocolError      Code = 1002
	CodeUnsupportedData    Code = 1003
	CodeFrameTooLarge      Code = 1004 // hybi-7 and hybi-8 only; reserved since
	CodeNoStatus           Code = 1005 // never sent: the close frame had no code
	CodeAbnormal           Code = 1006 // never sent: there was no close frame
	CodeInvalidPayload     Code = 1007
	CodePolicyViolation    Code = 1008
	CodeMessageTooBig      Code = 1009
	CodeMandatoryExtension Code = 1010
	CodeInternalError      Code = 1011
	CodeServiceRestart     Code = 1012
	CodeTryAgainLater      Code = 1013
	CodeBadGateway         Code = 1014
	CodeTLSHandshake       Code = 1015 // never sent: the TLS handshake failed
)

var codes = map[Code]string{
	CodeNormal:             "normal closure",
	CodeGoingAway:          "going away",
	CodeProtocolError:      "protocol error",
	CodeUnsupportedData:    "unsupported data",
	CodeFrameTooLarge:      "frame too large",
	CodeNoStatus:           "no status received",
	CodeAbnormal:           "abnormal closure",
	CodeInvalidPayload:     "invalid payload",
	CodePolicyViolation:    "policy violation",
	CodeMessageTooBig:      "message too big",
	CodeMandatoryExtension: "mandatory extension missing",
	CodeInternalError:      "internal error",
	CodeServiceRestart:     "service restart",
	CodeTryAgainLater:      "try again later",
	CodeBadGateway:         "bad gateway",
	CodeTLSHandshake:       "TLS handshake failed",
}

// String returns the number and, for registered codes, what it means: "1000
// (normal closure)".
func (c Code) String() string {
	s := strconv.Itoa(int(c))
	if name := codes[c]; name != "" {
		s += " (" + name + ")"
	}
	return s
}

// Sendable reports whether c may stand in a close frame of RFC 6455: 1000 to
// 1003, 1007 to 1014 and 3000 to 4999 (section 7.4.2). The same codes are
// accepted from the wire.
func (c Code) Sendable() bool {
	switch {
	case c >= CodeNormal && c <= CodeUnsupportedData,
		c >= CodeInvalidPayload && c <= CodeBadGateway,
		c >= 3000 && c <= 4999:
		return true
	}
	return false
}
