package porting

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// libraries are the Go libraries by their headings in docs/porting.md. Names of the first
// package stand alone, those of the others follow the name of the package.
var libraries = []struct {
	heading  string
	packages []string
}{
	{"From gorilla/websocket", []string{"github.com/gorilla/websocket"}},
	{"From coder/websocket", []string{"github.com/coder/websocket", "github.com/coder/websocket/wsjson"}},
	{"From gws", []string{"github.com/lxzan/gws"}},
	{"From gobwas/ws", []string{"github.com/gobwas/ws", "github.com/gobwas/ws/wsutil", "github.com/gobwas/ws/wsflate"}},
	{"From nbio", []string{"github.com/lesismal/nbio/nbhttp/websocket"}},
	{"From golang.org/x/net/websocket", []string{"golang.org/x/net/websocket"}},
}

// row is a row of a table: the quoted names of theirs and ours.
type row struct{ theirs, ours []string }

var quoted = regexp.MustCompile("`[^`]*`")

// section returns the rows of the tables below a heading of docs/porting.md.
func section(t *testing.T, heading string) (rows []row) {
	b, err := os.ReadFile("../../docs/porting.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/porting.md has no section %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	for line := range strings.Lines(text) {
		if cells := strings.Split(line, " | "); strings.HasPrefix(line, "| `") && len(cells) == 2 {
			rows = append(rows, row{names(cells[0]), names(cells[1])})
		} else if strings.HasPrefix(line, "| `") {
			t.Errorf("%s: this row has %d cells: %s", heading, len(cells), line)
		}
	}
	return rows
}

// names returns what stands between backquotes.
func names(cell string) (list []string) {
	for _, q := range quoted.FindAllString(cell, -1) {
		list = append(list, strings.Trim(q, "`"))
	}
	return list
}

// load returns the types of packages, without their syntax.
func load(t *testing.T, paths ...string) []*packages.Package {
	list, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
	}
	return list
}

// exported returns the exported names of a package, and Type.Member for fields and methods
// that it declares, those of embedded types included.
func exported(p *types.Package) (list []string) {
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		list = append(list, name)
		if t, ok := object.(*types.TypeName); ok {
			list = append(list, members(t.Type(), name+".", p)...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// members returns the exported fields and methods of t that p declares.
func members(t types.Type, prefix string, p *types.Package) (list []string) {
	var methods *types.MethodSet
	if types.IsInterface(t) {
		methods = types.NewMethodSet(t)
	} else {
		methods = types.NewMethodSet(types.NewPointer(t))
	}
	for m := range methods.Methods() {
		if o := m.Obj(); o.Exported() && o.Pkg() == p {
			list = append(list, prefix+o.Name())
		}
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return list
	}
	for f := range s.Fields() {
		switch {
		case f.Embedded():
			inner := f.Type()
			if p, ok := inner.(*types.Pointer); ok {
				inner = p.Elem()
			}
			if n, ok := inner.(*types.Named); ok && n.Obj().Pkg() == p {
				list = append(list, members(n, prefix, p)...)
			}
		case f.Exported():
			list = append(list, prefix+f.Name())
		}
	}
	return list
}

// pattern is a name of a table, in which * matches any letters.
type pattern struct {
	text string
	re   *regexp.Regexp
	used bool
}

// TestComplete: each exported name of a library is in its table, no name is in two rows,
// and the table has no other names.
func TestComplete(t *testing.T) {
	for _, lib := range libraries {
		t.Run(lib.heading, func(t *testing.T) {
			theirs := make(map[string]bool)
			for _, p := range load(t, lib.packages...) {
				prefix := ""
				if p.PkgPath != lib.packages[0] {
					prefix = p.Name + "."
				}
				for _, name := range exported(p.Types) {
					theirs[prefix+name] = true
				}
			}
			var patterns []*pattern
			exact := make(map[string]bool)
			for _, r := range section(t, lib.heading) {
				for _, name := range r.theirs {
					switch {
					case strings.Contains(name, "*"):
						re := strings.ReplaceAll(regexp.QuoteMeta(name), `\*`, ".*")
						patterns = append(patterns, &pattern{text: name, re: regexp.MustCompile("^" + re + "$")})
					case exact[name]:
						t.Errorf("`%s` is in two rows", name)
					case !theirs[name]:
						t.Errorf("the library has no `%s`", name)
					}
					exact[name] = true
				}
			}
			for name := range theirs {
				found := exact[name]
				for _, p := range patterns {
					if p.re.MatchString(name) {
						p.used, found = true, true
					}
				}
				if !found {
					t.Errorf("`%s` is in no row", name)
				}
			}
			for _, p := range patterns {
				if !p.used {
					t.Errorf("the library has nothing like `%s`", p.text)
				}
			}
		})
	}
}

// TestOurs: each of our names in docs/porting.md is used by a test of this package.
func TestOurs(t *testing.T) {
	used := usedNames(t)
	b, err := os.ReadFile("../../docs/porting.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range names(string(b)) {
		pkg, rest, _ := strings.Cut(name, ".")
		if !slices.Contains(ourPackages, pkg) || !token.IsExported(rest) { // npm's websocket-driver has driver.text
			continue
		}
		if n++; !used[name] {
			t.Errorf("no test uses `%s`", name)
		}
	}
	if n < 200 {
		t.Errorf("only %d names of ours", n)
	}
}

var ourPackages = []string{"deflate", "driver", "frame", "hub", "netconn", "nethttp", "stream"}

// usedNames returns what the tests of this package use, as package.Name and
// package.Type.Member. The names of aliases in package driver count as its own.
func usedNames(t *testing.T) map[string]bool {
	mode := packages.NeedName | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedSyntax | packages.NeedImports
	list, err := packages.Load(&packages.Config{Mode: mode, Tests: true}, ".")
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]bool)
	for _, p := range list {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					if s := p.TypesInfo.Selections[n]; s != nil {
						used[typeName(s.Recv())+"."+n.Sel.Name] = true
					} else if o := p.TypesInfo.Uses[n.Sel]; o != nil && o.Pkg() != nil {
						used[o.Pkg().Name()+"."+n.Sel.Name] = true
					}
				case *ast.CompositeLit:
					for _, e := range n.Elts {
						if e, ok := e.(*ast.KeyValueExpr); ok {
							used[typeName(p.TypesInfo.TypeOf(n))+"."+fmt.Sprint(e.Key)] = true
						}
					}
				}
				return true
			})
		}
	}
	return used
}

// typeName returns package.Type for a named type or a pointer to one.
func typeName(t types.Type) string {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return ""
	}
	pkg := n.Obj().Pkg().Name()
	if pkg == "ws" || pkg == "head" { // package driver has aliases of what users need
		pkg = "driver"
	}
	return pkg + "." + n.Obj().Name()
}
