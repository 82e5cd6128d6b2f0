package redis

import (
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func startMini() (*Server, error) {
	mini := miniredis.NewMiniRedis()
	if err := mini.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("starting miniredis: %w", err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		passTime(mini, stop)
	}()
	var once sync.Once
	return &Server{
		url: "redis://" + mini.Addr(), kind: "miniredis (in process, nothing persisted)",
		close: func() {
			once.Do(func() {
				close(stop)
				<-done
				mini.Close()
			})
		},
	}, nil
}

// passTime lets keys expire: miniredis's clock stands still by itself.
func passTime(mini *miniredis.Miniredis, stop <-chan struct{}) {
	const step = time.Second
	tick := time.NewTicker(step)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			mini.FastForward(step)
		case <-stop:
			return
		}
	}
}
