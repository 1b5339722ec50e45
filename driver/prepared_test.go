package driver_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sans-io/websocket-driver/driver"
)

// TestPrepared sends one message to drivers of all forms: always the same as
// Text and Binary send.
func TestPrepared(t *testing.T) {
	const text = "prepared: äöü"
	all := func(c driver.Config) *driver.Config {
		c.Versions = driver.AllVersions()
		return &c
	}
	open := map[string]func() *driver.Driver{
		"plain":    func() *driver.Driver { return openServer(t, nil, request13()) },
		"cut":      func() *driver.Driver { return openServer(t, &driver.Config{FragmentSize: 4}, request13()) },
		"hybi-8":   func() *driver.Driver { return openServer(t, nil, strings.Replace(request13(), ": 13", ": 8", 1)) },
		"hixie-75": func() *driver.Driver { return openServer(t, all(driver.Config{FragmentSize: 4}), request75()) },
		"hixie-76": func() *driver.Driver { return openServer(t, all(driver.Config{}), request76()) },
		"client":   func() *driver.Driver { return openClient(t, nil) },
	}
	var variants []driver.Variant
	for _, f := range open {
		variants = append(variants, f().Variant())
	}
	for _, kind := range []driver.Kind{driver.Text, driver.Binary} {
		for name, given := range map[string][]driver.Variant{"all variants": variants, "no variant": nil} {
			m, err := driver.NewPrepared(kind, []byte(text), given...)
			if err != nil {
				t.Fatal(err)
			}
			for form, f := range open {
				one, two := f(), f()
				send := one.Text
				if kind == driver.Binary {
					send = one.Binary
				}
				err1, err2 := send([]byte(text)), two.SendPrepared(m)
				if (err1 == nil) != (err2 == nil) {
					t.Errorf("%v, %s, %s: %v, want %v", kind, name, form, err2, err1)
				}
				if diff := cmp.Diff(string(one.Take(nil)), string(two.Take(nil))); diff != "" {
					t.Errorf("%v, %s, %s: (-want +got):\n%s", kind, name, form, diff)
				}
			}
		}
	}
}

// TestPreparedVariants: drivers with equal Variants send the same.
func TestPreparedVariants(t *testing.T) {
	var zero driver.Variant
	if v := openServer(t, nil, request13()).Variant(); v != zero {
		t.Errorf("variant %+v of a plain server, want the zero Variant", v)
	}
	if v := openServer(t, nil, strings.Replace(request13(), ": 13", ": 7", 1)).Variant(); v != zero {
		t.Errorf("variant %+v of hybi-7, want the zero Variant", v)
	}
	c := &driver.Config{Versions: driver.AllVersions()}
	if a, b := openServer(t, c, request75()).Variant(), openServer(t, c, request76()).Variant(); a != b || a == zero {
		t.Errorf("variants %+v and %+v of hixie", a, b)
	}
}

// TestPreparedEarly waits for Open like any message.
func TestPreparedEarly(t *testing.T) {
	m, err := driver.NewPrepared(driver.Text, []byte("m"))
	if err != nil {
		t.Fatal(err)
	}
	d := driver.NewServer(nil)
	if err := d.SendPrepared(m); err != nil {
		t.Fatal(err)
	}
	want(t, d, request13(), "Connect")
	_ = d.Start()
	wantOut(t, d, response13()+plain(opFin|opText, "m"))
}

func TestPreparedMisuse(t *testing.T) {
	_, err := driver.NewPrepared(driver.Text, []byte("\xff"))
	wantErr(t, err, driver.ErrInvalidUTF8)
	for _, k := range []driver.Kind{driver.None, driver.Open, driver.Ping, driver.Close} {
		_, err := driver.NewPrepared(k, nil)
		wantErr(t, err, driver.ErrInvalid)
	}
}
