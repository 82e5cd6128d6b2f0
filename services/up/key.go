package up

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ensureKey makes a key for the data folder where none is configured: data that is kept
// needs a key that is kept with it.
func ensureKey(cfg *Config) error {
	if cfg.Decode.Privacy.HMACKey != "" {
		return nil
	}
	path := filepath.Join(cfg.Data, "hmac.key")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(hex.EncodeToString(random(32)))
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		return fmt.Errorf("keeping the data folder's HMAC key: %w", err)
	}
	cfg.Decode.Privacy.HMACKey = string(b)
	return nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
