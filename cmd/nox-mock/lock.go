package main

import (
	"errors"
	"os"
)

var errLocked = errors.New("another process holds it")

// lockFile creates the file name and locks it against other processes that call
// lockFile, until unlock removes it. If another process holds the lock, it waits, or
// returns errLocked if wait is false.
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
		f.Close() // its owner removed it meanwhile
	}
}

// isAt reports whether f is the file that now has that name.
func isAt(f *os.File, name string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(opened, named)
}
