package stream

import "sync"

// signal is a sync.Cond that is made when somebody waits for the first time: most
// connections never need it.
type signal struct {
	mu   *sync.Mutex // guards the signal too
	cond *sync.Cond
}

// Wait waits for a Broadcast. The caller holds mu, which is unlocked meanwhile.
func (s *signal) Wait() {
	if s.cond == nil {
		s.cond = sync.NewCond(s.mu)
	}
	s.cond.Wait()
}

// Broadcast wakes all that wait. The caller holds mu.
func (s *signal) Broadcast() {
	if s.cond != nil {
		s.cond.Broadcast()
	}
}
