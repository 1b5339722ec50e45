//go:build !purego

#include "textflag.h"

// func utf8Blocks(p *byte, n int, t *utf8Tables) (bad bool)
//
// One vector of 32 bytes a turn. Y1 is the one before it, and Y0 gathers the errors.
TEXT ·utf8Blocks(SB), NOSPLIT, $0-25
	MOVQ           p+0(FP), SI
	MOVQ           n+8(FP), CX
	MOVQ           t+16(FP), DX
	VBROADCASTI128 0(DX), Y10
	VBROADCASTI128 16(DX), Y11
	VBROADCASTI128 32(DX), Y12
	VBROADCASTI128 48(DX), Y13
	VBROADCASTI128 64(DX), Y14
	VBROADCASTI128 80(DX), Y15
	VBROADCASTI128 96(DX), Y9
	VPXOR          Y0, Y0, Y0
	VPXOR          Y1, Y1, Y1
	XORL           BX, BX

loop:
	// Nothing can be wrong if this vector and the one before it are ASCII.
	VMOVDQU   (SI), Y2
	VPMOVMSKB Y2, AX
	MOVL      AX, R8
	ORL       BX, R8
	MOVL      AX, BX
	JZ        next

	// Y4, Y5 and Y6: the bytes one, two and three places before those of Y2.
	VPERM2I128 $0x21, Y2, Y1, Y3
	VPALIGNR   $15, Y3, Y2, Y4
	VPALIGNR   $14, Y3, Y2, Y5
	VPALIGNR   $13, Y3, Y2, Y6

	// Y7: the rules that each byte breaks together with the one before it.
	VPSRLW  $4, Y4, Y7
	VPAND   Y13, Y7, Y7
	VPSHUFB Y7, Y10, Y7
	VPAND   Y13, Y4, Y8
	VPSHUFB Y8, Y11, Y8
	VPAND   Y8, Y7, Y7
	VPSRLW  $4, Y2, Y8
	VPAND   Y13, Y8, Y8
	VPSHUFB Y8, Y12, Y8
	VPAND   Y8, Y7, Y7

	// The last rule, of two continuation bytes, has to be broken by the third byte of a
	// sequence and by the fourth, and by no other.
	VPSUBUSB Y14, Y5, Y5
	VPSUBUSB Y15, Y6, Y6
	VPOR     Y6, Y5, Y5
	VPAND    Y9, Y5, Y5
	VPXOR    Y7, Y5, Y5
	VPOR     Y5, Y0, Y0
	VMOVDQA  Y2, Y1

next:
	ADDQ $32, SI
	SUBQ $32, CX
	JNZ  loop

	VPTEST Y0, Y0
	SETNE  bad+24(FP)
	VZEROUPPER
	RET
