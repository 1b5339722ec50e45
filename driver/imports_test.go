package driver_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sans-io/websocket-driver"

// arrows says for each package of the module which others it may import. An
// entry holds for the packages below it that have none; a package may import
// those of its own entry.
var arrows = map[string][]string{
	"driver/ws":          {},
	"driver/head":        {"driver/ws"},
	"driver/wstest":      {"driver/ws", "hybi/frame"},
	"extensions":         {"driver/ws", "driver/head"},
	"extensions/deflate": {"extensions", "driver/ws"},
	"hixie":              {"driver/ws", "driver/head"},
	"proxy":              {"driver/ws", "driver/head"},
	"hybi":               {"driver/ws", "driver/head", "extensions", "hybi/frame"},
	"hybi/frame":         {},
	"driver":             {"hixie", "hybi", "hybi/frame", "driver/ws", "driver/head", "extensions"},
	"adapters/stream":    {"driver"},
	"adapters/hub":       {"adapters/stream", "driver"},
	"adapters/nethttp":   {"adapters/stream", "driver"},
	"adapters/netconn":   {"adapters/stream", "driver", "driver/head", "proxy"},
	"cmd":                {"adapters/stream", "adapters/hub", "adapters/netconn", "extensions/deflate", "driver"},
}

// core lists the packages that own no I/O: neither clock nor goroutine, lock or
// log. driver/wstest is not one of them: it watches the process that tests run in,
// and the table above lets no package import it.
var core = []string{"driver", "driver/ws", "driver/head", "hixie", "hybi", "hybi/frame", "extensions", "extensions/deflate", "proxy"}

// pure holds what packages of the core import of the standard library. time is
// for its types only; crypto/rand is the default of Config.Rand.
var pure = []string{
	"bytes", "cmp", "crypto/md5", "crypto/rand", "crypto/sha1", "crypto/sha256", "encoding/base64", "encoding/binary", "encoding/hex", "errors",
	"fmt", "io", "iter", "maps", "math", "math/bits", "net/url", "path", "slices", "strconv", "strings", "time", "unicode", "unicode/utf8",
}

// exceptions are what single packages of the core import beyond pure.
var exceptions = map[string][]string{
	// whether the processor has AVX2, which is asked once
	"hybi":       {"golang.org/x/sys/cpu"},
	"hybi/frame": {"golang.org/x/sys/cpu"},
	// sync.Pool, and a count of compressors that connections on several goroutines share, corrected by
	// runtime.AddCleanup for those that are dropped
	"extensions/deflate": {"runtime", "sync", "sync/atomic", "compress/flate", "github.com/klauspost/compress/flate"},
}

// clock holds what time has beside types and constants.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "LoadLocation", "Local"}

// source is a file of the module, without those of tests.
type source struct {
	pkg  string // below the module, "hybi" for example
	name string
	file *ast.File
}

// sources parses the module. Folders with a go.mod of their own are others.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	root := ".."
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := e.Name()
		if e.IsDir() {
			_, err := os.Stat(filepath.Join(name, "go.mod"))
			if name != root && (err == nil || strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		all = append(all, source{filepath.ToSlash(dir), filepath.ToSlash(name), file})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("%d files found", len(all))
	}
	return all
}

// imports returns the paths that f imports.
func (s source) imports() []string {
	var all []string
	for _, spec := range s.file.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		all = append(all, name)
	}
	return all
}

// entry returns the entry of arrows for a package: its own or the nearest above.
func entry(pkg string) (string, bool) {
	for ; pkg != "."; pkg = path.Dir(pkg) {
		if _, ok := arrows[pkg]; ok {
			return pkg, true
		}
	}
	return "", false
}

// TestArrows holds the imports within the module against the table.
func TestArrows(t *testing.T) {
	for _, s := range sources(t) {
		from, ok := entry(s.pkg)
		if !ok {
			t.Errorf("%s: package %s is not in the table", s.name, s.pkg)
			continue
		}
		for _, name := range s.imports() {
			rest, inside := strings.CutPrefix(name, module+"/")
			if !inside {
				continue
			}
			if to, ok := entry(rest); !ok || to != from && !slices.Contains(arrows[from], to) {
				t.Errorf("%s: %s may not import %s", s.name, s.pkg, rest)
			}
		}
	}
	for from, tos := range arrows {
		for _, to := range tos {
			if _, ok := arrows[to]; !ok {
				t.Errorf("the table lets %s import %s, which has no entry", from, to)
			}
		}
	}
}

// TestCoreImports: no I/O, no clock, no goroutine, no lock, no log.
func TestCoreImports(t *testing.T) {
	for _, s := range sources(t) {
		pkg, _ := entry(s.pkg)
		if !slices.Contains(core, pkg) {
			continue
		}
		for _, name := range s.imports() {
			if !strings.HasPrefix(name, module) && !slices.Contains(pure, name) && !slices.Contains(exceptions[pkg], name) {
				t.Errorf("%s: the core may not import %s", s.name, name)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: a go statement", s.name)
			case *ast.SelectStmt, *ast.ChanType:
				t.Errorf("%s: a channel", s.name)
			case *ast.SelectorExpr:
				x, _ := n.X.(*ast.Ident)
				if x != nil && x.Name == "time" && slices.Contains(clock, n.Sel.Name) {
					t.Errorf("%s: time.%s", s.name, n.Sel.Name)
				}
				if x != nil && x.Name == "sync" && n.Sel.Name != "Pool" {
					t.Errorf("%s: sync.%s", s.name, n.Sel.Name)
				}
			}
			return true
		})
		for _, spec := range s.file.Imports {
			if spec.Name != nil && (spec.Path.Value == `"time"` || spec.Path.Value == `"sync"`) {
				t.Errorf("%s: %s by another name", s.name, spec.Path.Value)
			}
		}
	}
}

// TestPackageNames: no package is a drawer for odds and ends.
func TestPackageNames(t *testing.T) {
	bad := []string{"util", "utils", "common", "helper", "helpers", "misc", "internal"}
	for _, s := range sources(t) {
		if name := s.file.Name.Name; slices.Contains(bad, name) || slices.Contains(bad, path.Base(s.pkg)) {
			t.Errorf("%s: package %s in %s", s.name, name, s.pkg)
		}
	}
}

// TestTopLevel: the top of the tree holds these files and folders.
func TestTopLevel(t *testing.T) {
	allowed := map[string]bool{}
	for _, name := range []string{"go.mod", "go.sum", "README.md", "LICENSE", "NOTICE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md",
		"driver", "hixie", "hybi", "proxy", "extensions", "adapters", "cmd", "docs"} {
		allowed[name] = true
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	ignored := []string{".test", ".prof", "wsdriver"} // what builds produce
	for _, e := range entries {
		name := e.Name()
		hidden := strings.HasPrefix(name, ".")
		built := slices.ContainsFunc(ignored, func(s string) bool { return !e.IsDir() && strings.HasSuffix(name, s) })
		if !allowed[name] && !hidden && !built {
			t.Errorf("%s is at the top level; allowed are %v", name, slices.Sorted(maps.Keys(allowed)))
		}
	}
}
