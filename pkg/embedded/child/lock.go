package child

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Lock takes the data folder's lock file, waiting up to patience for another holder to end.
// Hand the file to the child in ExtraFiles: the lock then lasts until the child too is gone,
// so that a child outliving a killed parent by a moment never shares its data with the next one.
func Lock(ctx context.Context, path string, patience time.Duration) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening lock %s: %w", path, err)
	}
	deadline := time.Now().Add(patience)
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if time.Now().After(deadline) || !sleep(ctx, 50*time.Millisecond) {
			_ = f.Close()
			return nil, fmt.Errorf("%s is held by another process: is another instance running on this data folder?", path)
		}
	}
}
