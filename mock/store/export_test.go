package store

import "os"

// Redirect lets f write to another file from now on.
func Redirect(f *File, name string) {
	other, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.file = other
}
