module github.com/sans-io/websocket-driver

go 1.26

require (
	github.com/google/go-cmp v0.7.0
	github.com/klauspost/compress v1.20.3
	golang.org/x/net v0.50.0
	golang.org/x/sys v0.41.0
)

require golang.org/x/text v0.34.0 // indirect
