package dialer

// signal wakes a goroutine. Several wakes before the goroutine receives are one.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) wake() {
	select {
	case s <- struct{}{}:
	default:
	}
}
