package stream

import "sync"

// signal is a sync.Cond that is allocated at the first Wait. Most connections never
// need it.
type signal struct {
	mu   *sync.Mutex // guards the signal too
	cond *sync.Cond
}

// Wait waits for a Broadcast. The caller must hold mu, which is unlocked meanwhile.
func (s *signal) Wait() {
	if s.cond == nil {
		s.cond = sync.NewCond(s.mu)
	}
	s.cond.Wait()
}

// Broadcast wakes all goroutines that wait. The caller must hold mu.
func (s *signal) Broadcast() {
	if s.cond != nil {
		s.cond.Broadcast()
	}
}
