package driver_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sans-io/websocket-driver/driver"
)

// documentation returns the documentation of package driver, as go doc has it.
func documentation(t *testing.T) *doc.Package {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	p, err := doc.NewFromFiles(fset, files, "github.com/sans-io/websocket-driver/driver")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDocShowsFields: go doc shows each field of the structs that package driver
// takes over from packages below, and its type.
func TestDocShowsFields(t *testing.T) {
	docs := map[string]string{}
	for _, typ := range documentation(t).Types {
		docs[typ.Name] = typ.Doc
	}
	for name, typ := range map[string]reflect.Type{
		"Event":    reflect.TypeFor[driver.Event](),
		"Error":    reflect.TypeFor[driver.Error](),
		"Request":  reflect.TypeFor[driver.Request](),
		"Response": reflect.TypeFor[driver.Response](),
		"Field":    reflect.TypeFor[driver.Field](),
	} {
		for i := range typ.NumField() {
			if f := typ.Field(i); !strings.Contains(docs[name], f.Name) {
				t.Errorf("go doc driver.%s does not show %s", name, f.Name)
			}
		}
		for i := range reflect.PointerTo(typ).NumMethod() {
			m := reflect.PointerTo(typ).Method(i).Name
			if (name == "Request" || name == "Response") && (m == "Get" || m == "Cookies") && !strings.Contains(docs[name], m) {
				t.Errorf("go doc driver.%s does not show %s", name, m)
			}
		}
	}
}

// TestDocShowsValues: go doc of a type lists its constants, each with what it means;
// by itself it abridges them.
func TestDocShowsValues(t *testing.T) {
	counts := map[string]int{"Kind": 10, "Code": 16, "State": 5, "Version": 5, "Need": 5}
	for _, typ := range documentation(t).Types {
		want, ok := counts[typ.Name]
		if !ok {
			continue
		}
		n := 0
		for _, group := range typ.Consts {
			for _, spec := range group.Decl.Specs {
				v := spec.(*ast.ValueSpec)
				name, meaning := v.Names[0].Name, strings.TrimSpace(v.Comment.Text())
				if i := strings.Index(typ.Doc, "\t"+name+" "); meaning == "" || i < 0 || !strings.Contains(typ.Doc[i:], meaning) {
					t.Errorf("go doc driver.%s does not show %s: %q", typ.Name, name, meaning)
				}
				n++
			}
		}
		if n != want {
			t.Errorf("go doc driver.%s shows %d values, not %d", typ.Name, n, want)
		}
		delete(counts, typ.Name)
	}
	if len(counts) > 0 {
		t.Errorf("not found: %v", counts)
	}
}

// TestDocShowsErrors: each error of a call says when it comes.
func TestDocShowsErrors(t *testing.T) {
	n := 0
	for _, group := range documentation(t).Vars {
		for _, spec := range group.Decl.Specs {
			if v := spec.(*ast.ValueSpec); strings.HasPrefix(v.Names[0].Name, "Err") {
				if n++; v.Comment.Text() == "" {
					t.Errorf("%s has no comment", v.Names[0].Name)
				}
			}
		}
	}
	if n != 8 {
		t.Errorf("%d errors, not 8", n)
	}
}
