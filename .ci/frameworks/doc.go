// Package frameworks shows and tests WebSockets in routers and web frameworks: chi, gin
// and echo, which are handlers of net/http, and fasthttp and fiber, which are not.
package frameworks
