module github.com/sans-io/websocket-driver/.ci/peers/old

go 1.26
