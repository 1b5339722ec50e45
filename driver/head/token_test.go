package head

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver/wstest"
)

// TestClasses compares the classes with the grammar, spelled out.
func TestClasses(t *testing.T) {
	const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	printable := func(c byte) bool { return c > 0x20 && c < 0x7f }
	oneOf := func(set string) func(byte) bool {
		return func(c byte) bool { return strings.IndexByte(set+alphanumeric, c) >= 0 }
	}
	for _, class := range []struct {
		rule, name string
		bit        uint8
		has        func(byte) bool
	}{
		{"RFC 9110 5.6.2", "tchar", tchar, oneOf("!#$%&'*+-.^_`|~")},
		{"RFC 5234 B.1", "visible", visible, printable},
		{"RFC 9110 5.5", "text", textByte, func(c byte) bool { return printable(c) || c >= 0x80 || c == ' ' || c == '\t' }},
		{"RFC 3986 3.2.2", "host", hostByte, oneOf("-._~%!$&'()*+,;=:[]")},
	} {
		t.Run(class.rule+" "+class.name, func(t *testing.T) {
			for c := range 256 {
				if got := classes[c]&class.bit != 0; got != class.has(byte(c)) {
					t.Errorf("byte %#02x: %v", c, got)
				}
			}
		})
	}
	for c := range 256 {
		s := string([]byte{byte(c)})
		if got := IndexInvisible("a" + s); (got == -1) != printable(byte(c)) || got > 1 {
			t.Errorf("IndexInvisible with byte %#02x: %d", c, got)
		}
		if got := Lower(s); c < 0x80 && got != strings.ToLower(s) || c >= 0x80 && got != s {
			t.Errorf("Lower of byte %#02x: %q", c, got)
		}
		if got := IsToken("a" + s); got != (classes[c]&tchar != 0) {
			t.Errorf("IsToken with byte %#02x: %v", c, got)
		}
	}
	if IsToken("") {
		t.Error("the empty string is a token")
	}
}

func TestFields(t *testing.T) {
	fields := []Field{
		{"A", "1"}, {"b", "x , ,Y,"}, {"a", "2"}, {"B", ""}, {"B", " ,\tz\t"}, {"C", ","},
	}
	tests := []struct {
		name   string
		get    string
		values []string
		tokens []string
	}{
		{"a", "1", []string{"1", "2"}, []string{"1", "2"}},
		{"B", "x , ,Y,", []string{"x , ,Y,", "", " ,\tz\t"}, []string{"x", "Y", "z"}},
		{"c", ",", []string{","}, nil},
		{"d", "", nil, nil},
		{"", "", nil, nil},
	}
	for _, tt := range tests {
		t.Run("RFC 9110 5.6.1 "+tt.name, func(t *testing.T) {
			if got := Get(fields, tt.name); got != tt.get {
				t.Errorf("Get: %q, want %q", got, tt.get)
			}
			if got := Count(fields, tt.name); got != len(tt.values) {
				t.Errorf("Count: %d, want %d", got, len(tt.values))
			}
			if d := cmp.Diff(tt.values, slices.Collect(Values(fields, tt.name))); d != "" {
				t.Errorf("Values (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.tokens, slices.Collect(Tokens(fields, tt.name))); d != "" {
				t.Errorf("Tokens (-want +got):\n%s", d)
			}
			for _, token := range tt.tokens {
				if !HasToken(fields, tt.name, strings.ToUpper(token)) {
					t.Errorf("HasToken(%q) is false", token)
				}
			}
			if HasToken(fields, tt.name, "w") || HasToken(fields, tt.name, "") {
				t.Error("HasToken is true for what is not there")
			}
			for range Values(fields, tt.name) {
				break
			}
			for range Tokens(fields, tt.name) {
				break
			}
		})
	}
}

func TestFieldAllocs(t *testing.T) {
	fields := []Field{{"Host", "a"}, {"Connection", "keep-alive, Upgrade"}}
	wstest.NoAllocs(t, func() {
		if !HasToken(fields, "connection", "upgrade") || Get(fields, "host") != "a" {
			t.Fatal("not found")
		}
	})
}

func TestEqualFold(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"WebSocket", "wEBsOCKET", true},
		{"a-z{", "A-Z{", true},
		{"a", "ab", false},
		{"a", "b", false},
		{"@", "`", false},
		{"[", "{", false},
		{"\r", "-", false},
		{"Upgrade\x00", "Upgrade ", false},
		{"k", "\u212a", false}, // KELVIN SIGN, which Unicode folds to k
		{"websocKet", "websoc\u212aet", false},
		{"\u017f", "s", false}, // LONG S
		{"ä", "Ä", false},
	}
	for _, tt := range tests {
		if got := EqualFold(tt.a, tt.b); got != tt.want {
			t.Errorf("EqualFold(%q, %q) = %v", tt.a, tt.b, got)
		}
		if got := EqualFold(tt.b, tt.a); got != tt.want {
			t.Errorf("EqualFold(%q, %q) = %v", tt.b, tt.a, got)
		}
	}
}

func TestCookies(t *testing.T) {
	tests := []struct {
		name   string
		fields []Field
		want   []Field
	}{
		{"none", []Field{{"Cookies", "a=b"}}, nil},
		{"empty", []Field{{"Cookie", ""}}, nil},
		{"one", []Field{{"Cookie", "a=b"}}, []Field{{"a", "b"}}},
		{"order and case are kept", []Field{{"cookie", "b=1; a=2;B=3"}}, []Field{{"b", "1"}, {"a", "2"}, {"B", "3"}}},
		{"a name twice", []Field{{"Cookie", "a=1; a=2"}}, []Field{{"a", "1"}, {"a", "2"}}},
		{"several fields", []Field{{"Cookie", "a=1"}, {"Host", "x=y"}, {"Cookie", "b=2"}}, []Field{{"a", "1"}, {"b", "2"}}},
		{"the value is kept", []Field{{"Cookie", `a="x y"; b=%20==; c={"k":[1,2]}`}},
			[]Field{{"a", `"x y"`}, {"b", "%20=="}, {"c", `{"k":[1,2]}`}}},
		{"empty value", []Field{{"Cookie", "a=; b= "}}, []Field{{"a", ""}, {"b", ""}}},
		{"blanks", []Field{{"Cookie", " ;\ta = b\t;; "}}, []Field{{"a", "b"}}},
		{"no pair", []Field{{"Cookie", "a; =b; ; c=d"}}, []Field{{"c", "d"}}},
	}
	for _, tt := range tests {
		t.Run("RFC 6265 4.2.1 "+tt.name, func(t *testing.T) {
			r := &Request{Fields: tt.fields}
			if d := cmp.Diff(tt.want, r.Cookies()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
