//go:build !purego

#include "textflag.h"

// func maskBlocks(dst, src *byte, n int, key uint32) (high uint32)
//
// Two vectors of 32 bytes a turn. Y5 gathers the bytes, so that the high bit of each of
// its bytes is set if that of one of the results is.
TEXT ·maskBlocks(SB), NOSPLIT, $0-36
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVL         key+24(FP), AX
	VMOVD        AX, X0
	VPBROADCASTD X0, Y0
	VPXOR        Y5, Y5, Y5

loop:
	VPXOR   (SI), Y0, Y1
	VPXOR   32(SI), Y0, Y2
	VMOVDQU Y1, (DI)
	VMOVDQU Y2, 32(DI)
	VPOR    Y1, Y5, Y5
	VPOR    Y2, Y5, Y5
	ADDQ    $64, SI
	ADDQ    $64, DI
	SUBQ    $64, CX
	JNZ     loop

	VPMOVMSKB Y5, AX
	VZEROUPPER
	MOVL      AX, high+32(FP)
	RET
