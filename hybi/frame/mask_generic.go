//go:build !amd64 || purego

package frame

// hasBlocks says whether maskBlocks can be used.
const hasBlocks = false

func maskBlocks(*byte, *byte, int, uint32) (high uint32) { panic("websocket: no maskBlocks") }
