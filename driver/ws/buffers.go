package ws

// Buffers lends the buffers in which a connection gathers input and output.
// Connections that share one hold no buffer while they rest.
//
// A Buffers that connections on several goroutines share must be safe for
// concurrent use.
type Buffers interface {
	// Get returns a slice of length 0 with a capacity of at least n bytes. Its
	// content is arbitrary, and it is the borrower's until Put.
	Get(n int) []byte

	// Put takes back a slice that is no longer used. It need not come from Get,
	// and Put may drop it.
	Put(b []byte)
}
