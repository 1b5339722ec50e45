module github.com/sans-io/websocket-driver/peers/client

go 1.26

require github.com/sans-io/websocket-driver v0.0.0

require (
	github.com/klauspost/compress v1.20.3 // indirect
	golang.org/x/net v0.50.0 // indirect
	golang.org/x/sys v0.41.0 // indirect
	golang.org/x/text v0.34.0 // indirect
)

replace github.com/sans-io/websocket-driver => ../../..
