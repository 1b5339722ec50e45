package driver_test

import (
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples: every example is complete on the package site, which shows it with
// nothing but its own file: it uses no function or type of another one.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range doc.Examples(file) {
			if n++; e.Play == nil {
				t.Errorf("%s: Example%s uses what other files declare", name, e.Name)
			}
		}
	}
	if n == 0 {
		t.Error("there are no examples")
	}
}

// TestDocuments: every Go snippet in README.md and docs appears in a test, so it
// compiles and runs.
func TestDocuments(t *testing.T) {
	var tests strings.Builder
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			b, err := os.ReadFile(path)
			tests.WriteString(unindented(string(b)))
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	documents, _ := filepath.Glob("../docs/*.md")
	snippets := 0
	for _, path := range append(documents, "../README.md") {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(b), "```go\n")[1:] {
			snippet, _, _ := strings.Cut(part, "```")
			if snippets++; !strings.Contains(tests.String(), unindented(snippet)) {
				t.Errorf("%s: this snippet appears in no test:\n%s", path, snippet)
			}
		}
	}
	if snippets == 0 {
		t.Error("there are no snippets")
	}
}

// unindented takes away what differs between a snippet and its place in a file.
func unindented(code string) string {
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
