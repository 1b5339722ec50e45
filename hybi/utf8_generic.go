//go:build !amd64 || purego

package hybi

// hasUTF8Blocks says whether utf8Blocks can be used.
const hasUTF8Blocks = false

func utf8Blocks(*byte, int, *utf8Tables) (bad bool) { panic("websocket: no utf8Blocks") }
