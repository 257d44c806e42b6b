package main

import (
	"errors"
	"os"
)

var errLocked = errors.New("another process holds it")

// lockFile makes the file name and holds it against other processes that ask
// for it in this way, until unlock removes it. If it is held already, it waits,
// or is errLocked at once.
func lockFile(name string, wait bool) (unlock func(), err error) {
	for {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(f, wait); err != nil {
			f.Close()
			return nil, err
		}
		if isAt(f, name) {
			return func() {
				os.Remove(name)
				f.Close()
			}, nil
		}
		f.Close() // it was removed by who held it
	}
}

// isAt tells whether f is the file that has that name now.
func isAt(f *os.File, name string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(opened, named)
}
