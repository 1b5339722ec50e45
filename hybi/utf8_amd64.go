//go:build !purego

package hybi

import "golang.org/x/sys/cpu"

// hasUTF8Blocks says whether utf8Blocks can be used.
var hasUTF8Blocks = cpu.X86.HasAVX2

// utf8Blocks reports whether the n bytes at p, which begin between two runes, cannot be
// the beginning of valid UTF-8. A rune that is not complete at the end is not looked at.
// n is a multiple of utf8Block and not 0. It needs AVX2.
//
// The method is that of Keiser and Lemire, "Validating UTF-8 In Less Than One
// Instruction Per Byte" (2021).
//
//go:noescape
func utf8Blocks(p *byte, n int, t *utf8Tables) (bad bool)
