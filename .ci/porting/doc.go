// Package porting tests docs/porting.md.
package porting
