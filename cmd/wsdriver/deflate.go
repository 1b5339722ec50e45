package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sans-io/websocket-driver/driver"
	"github.com/sans-io/websocket-driver/extensions/deflate"
)

// deflateFlag is the value of the flag -deflate: nil without it.
type deflateFlag struct{ extension *deflate.Extension }

// deflate adds the flag.
func (c *command) deflate() *deflateFlag {
	var f deflateFlag
	c.Var(&f, "deflate", "compress messages (permessage-deflate); -deflate=`parameters` sets parameters of RFC 7692,\n"+
		"separated by commas: server_no_context_takeover, client_no_context_takeover,\n"+
		"server_max_window_bits=8..15, client_max_window_bits=8..15")
	return &f
}

// extensions returns the value for Config.Extensions.
func (f *deflateFlag) extensions() []driver.Extension {
	if f.extension == nil {
		return nil
	}
	return []driver.Extension{f.extension}
}

// IsBoolFlag makes the value of the flag optional.
func (f *deflateFlag) IsBoolFlag() bool { return true }

// String returns the default value.
func (f *deflateFlag) String() string { return "" }

// Set parses the parameters. The value "true" is that of -deflate alone.
func (f *deflateFlag) Set(s string) error {
	f.extension = &deflate.Extension{}
	if s == "true" {
		return nil
	}
	for parameter := range strings.SplitSeq(s, ",") {
		name, value, hasValue := strings.Cut(strings.TrimSpace(parameter), "=")
		var bits int
		if hasValue {
			var err error
			if bits, err = strconv.Atoi(value); err != nil || bits < 8 || bits > 15 {
				return fmt.Errorf("%s=%s is not from 8 to 15", name, value)
			}
		}
		p := &f.extension.Params
		switch {
		case name == "server_no_context_takeover" && !hasValue:
			p.ServerNoContextTakeover = true
		case name == "client_no_context_takeover" && !hasValue:
			p.ClientNoContextTakeover = true
		case name == "server_max_window_bits" && hasValue:
			p.ServerMaxWindowBits = bits
		case name == "client_max_window_bits" && hasValue:
			p.ClientMaxWindowBits = bits
		default:
			return fmt.Errorf("parameter %q is not known", parameter)
		}
	}
	return nil
}
