module github.com/sans-io/websocket-driver/.ci/muxers

go 1.26

require (
	github.com/hashicorp/yamux v0.1.2
	github.com/sans-io/websocket-driver v0.0.0
	github.com/xtaci/smux v1.5.58
)

require golang.org/x/sys v0.41.0 // indirect

replace github.com/sans-io/websocket-driver => ../..
