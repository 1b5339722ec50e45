//go:build !purego

package frame

import "golang.org/x/sys/cpu"

// hasBlocks says whether maskBlocks can be used.
var hasBlocks = cpu.X86.HasAVX2

// maskBlocks stores n bytes of src, XORed with key, in dst. n is a multiple of blockSize and
// not 0. dst and src are equal or do not overlap. high is not 0 if and only if a byte is
// 0x80 or more after the XOR. It needs AVX2.
//
//go:noescape
func maskBlocks(dst, src *byte, n int, key uint32) (high uint32)
