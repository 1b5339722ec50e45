// Package proxies tests adapters/netconn against real proxies. Its tests start
// them on free ports of 127.0.0.1, with everything they write in a temporary
// folder, and end them.
package proxies
