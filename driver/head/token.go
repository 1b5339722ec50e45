package head

import (
	"iter"
	"strings"
)

// IsToken reports whether s is a token (RFC 9110, section 5.6.2): not empty, and
// made of letters, digits and !#$%&'*+-.^_`|~ only.
func IsToken(s string) bool {
	for i := range len(s) {
		if classes[s[i]]&tchar == 0 {
			return false
		}
	}
	return s != ""
}

// Get returns the value of the first field with the given name, or "".
func Get(fields []Field, name string) string {
	for i := range fields {
		if EqualFold(fields[i].Name, name) {
			return fields[i].Value
		}
	}
	return ""
}

// Count returns the number of fields with the given name.
func Count(fields []Field, name string) int {
	n := 0
	for i := range fields {
		if EqualFold(fields[i].Name, name) {
			n++
		}
	}
	return n
}

// Find returns the value of the first field with the given name, as Get does, and
// the number of such fields, as Count does.
func Find(fields []Field, name string) (value string, n int) {
	for i := range fields {
		if EqualFold(fields[i].Name, name) {
			if n++; n == 1 {
				value = fields[i].Value
			}
		}
	}
	return value, n
}

// Values yields the values of all fields with the given name, in order.
func Values(fields []Field, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range fields {
			if EqualFold(fields[i].Name, name) && !yield(fields[i].Value) {
				return
			}
		}
	}
}

// Tokens yields the elements of the comma-separated lists in all fields with the
// given name, in order and without the blanks around them. Empty elements are
// skipped (RFC 9110, section 5.6.1). Tokens is for lists of tokens: a comma in a
// quoted string separates elements too. Use [Scanner] for other lists.
func Tokens(fields []Field, name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for list := range Values(fields, name) {
			for more := true; more; {
				var element string
				element, list, more = strings.Cut(list, ",")
				element = trimBlanks(element)
				if element != "" && !yield(element) {
					return
				}
			}
		}
	}
}

// HasToken reports whether [Tokens] yields token, without regard to case.
func HasToken(fields []Field, name, token string) bool {
	for i := range fields {
		if !EqualFold(fields[i].Name, name) {
			continue
		}
		for list, more := fields[i].Value, true; more; {
			var element string
			element, list, more = strings.Cut(list, ",")
			if element = trimBlanks(element); element != "" && EqualFold(element, token) {
				return true
			}
		}
	}
	return false
}

// EqualFold reports whether a and b are equal without regard to the case of
// ASCII letters. Other bytes must be identical.
func EqualFold(a, b string) bool { return len(a) == len(b) && (a == b || equalFold(a, b)) }

// Lower returns s with the ASCII letters in lower case.
func Lower(s string) string {
	for i := range len(s) {
		if lower(s[i]) != s[i] {
			b := []byte(s)
			for i, c := range b {
				b[i] = lower(c)
			}
			return string(b)
		}
	}
	return s
}

// IndexInvisible returns the index of the first byte of s that is not visible
// ASCII (0x21 to 0x7e), or -1.
func IndexInvisible(s string) int { return outside(s, visible) }

// equalFold is EqualFold for strings of one length.
func equalFold(a, b string) bool {
	for i := range len(b) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c |= 0x20
	}
	return c
}

// trimBlanks removes SP and HTAB at both ends: the optional whitespace of
// RFC 9110, section 5.6.3.
func trimBlanks(s string) string {
	for s != "" && isBlank(s[0]) {
		s = s[1:]
	}
	for s != "" && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// Cookies returns the pairs of all Cookie fields in order (RFC 6265, section
// 4.2.1). Pairs without "=" or without a name are skipped. Values are returned as
// sent: quotes are kept and percent signs are not decoded. A name may appear more
// than once.
func (r *Request) Cookies() []Field {
	var cookies []Field
	for list := range Values(r.Fields, "Cookie") {
		for more := true; more; {
			var pair string
			pair, list, more = strings.Cut(list, ";")
			name, value, ok := strings.Cut(pair, "=")
			if name = trimBlanks(name); ok && name != "" {
				cookies = append(cookies, Field{Name: name, Value: trimBlanks(value)})
			}
		}
	}
	return cookies
}
