module github.com/sans-io/websocket-driver/peers/client

go 1.25

require github.com/sans-io/websocket-driver v0.0.0

require github.com/klauspost/compress v1.20.3 // indirect

replace github.com/sans-io/websocket-driver => ../../..
