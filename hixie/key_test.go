package hixie

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestParseKey(t *testing.T) {
	tests := []struct {
		key    string
		number uint32
		fault  string
	}{
		{key: "4 @1  46546xW%0l 1 5", number: 829309203},
		{key: "12998 5 Y3 1  .P00", number: 259970620},
		{key: "0 a", number: 0},
		{key: "4294967295 x", number: 4294967295},
		{key: "", fault: "has no digits"},
		{key: "a b", fault: "has no digits"},
		{key: "123", fault: "has no spaces"},
		{key: "12\t3", fault: "has no spaces"},
		{key: "1 2 3", fault: "has the number 123, not a multiple of its 2 spaces"},
		{key: "4294967296 x", fault: "has a number of more than 32 bits"},
		{key: "8589934590  x", fault: "has a number of more than 32 bits"},
		{key: strings.Repeat("9", 1000) + " x", fault: "has a number of more than 32 bits"},
		{key: strings.Repeat("0", 1000) + "7 x", number: 7},
	}
	for _, test := range tests {
		number, fault := parseKey(test.key)
		if number != test.number || fault != test.fault {
			t.Errorf("%q: %d, %q; want %d, %q", test.key, number, fault, test.number, test.fault)
		}
	}
}

// TestDigest checks the example of draft-76, section 1.3.
func TestDigest(t *testing.T) {
	got := digest(829309203, 259970620, [8]byte([]byte("^n:ds[4U")))
	if want := "8jKS'y:G*Co,Wxa-"; string(got[:]) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// checkKey checks a key that was made against the rules of draft-76, section
// 4.1, steps 16 to 22.
func checkKey(t *testing.T, key string, number uint32) {
	t.Helper()
	if got, fault := parseKey(key); fault != "" || got != number {
		t.Fatalf("%q: %d, %q; want %d", key, got, fault, number)
	}
	var digits, spaces, others int
	for i, c := range []byte(key) {
		switch {
		case c == ' ':
			if spaces++; i == 0 || i == len(key)-1 {
				t.Fatalf("%q: space at an end", key)
			}
		case c >= '0' && c <= '9':
			digits++
		case c > ' ' && c <= '~':
			others++
		default:
			t.Fatalf("%q: byte 0x%02x", key, c)
		}
	}
	if digits < 1 || digits > 10 || spaces < 1 || spaces > maxSpaces || others < 1 || others > maxJunk {
		t.Fatalf("%q: %d digits, %d spaces, %d others", key, digits, spaces, others)
	}
}

func TestMakeKey(t *testing.T) {
	r := &source{r: rand.NewChaCha8([32]byte{1})}
	seen := map[byte]bool{}
	for range 1000 {
		key, number := makeKey(r)
		checkKey(t, key, number)
		for _, c := range []byte(key) {
			seen[c] = true
		}
	}
	if want := '~' - ' ' + 1; len(seen) != int(want) {
		t.Errorf("%d different characters in 1000 keys, want %d", len(seen), want)
	}
}

// FuzzKey checks that all keys survive the way to the server, whatever the
// random bytes are, and that no key makes parseKey panic.
func FuzzKey(f *testing.F) {
	f.Add("4 @1  46546xW%0l 1 5", []byte("0123456789abcdef"))
	f.Add("", []byte{})
	f.Add("18446744073709551616 ", []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, key string, random []byte) {
		if number, fault := parseKey(key); fault != "" && number != 0 {
			t.Errorf("%d, %q", number, fault)
		}
		r := &source{r: io.MultiReader(strings.NewReader(string(random)), rand.NewChaCha8([32]byte{}))}
		made, number := makeKey(r)
		checkKey(t, made, number)
	})
}
