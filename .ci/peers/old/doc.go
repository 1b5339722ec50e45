// Package old tests this library with libraries that speak the versions before RFC
// 6455, in both roles. README.md, one folder up, says what each side does, and run
// installs the libraries.
package old
