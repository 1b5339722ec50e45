// Package metrics tests the recipes of docs/adapters.md for metrics.
package metrics
