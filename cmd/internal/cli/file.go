package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file that appears under its name once it is complete.
type File struct {
	file      *os.File
	name      string
	mode      fs.FileMode
	temporary bool
}

// CreateFile opens the file name for writing. A regular file is written under a
// temporary name until [File.Finish]; a pipe or device is written directly, as
// nothing can replace it. Errors name the file.
func CreateFile(name string, mode fs.FileMode) (*File, error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, fileError(name, err)
		}
		return &File{file: f, name: name}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return nil, fileError(name, err)
	}
	return &File{file: f, name: name, mode: mode, temporary: true}, nil
}

// Write writes to the file.
func (f *File) Write(data []byte) (int, error) { return f.file.Write(data) }

// Finish closes the file and puts it in place. If writing or anything else
// failed, it discards the file, leaves an older one as it was, and returns the
// error.
func (f *File) Finish(writing error) error {
	if !f.temporary {
		return fileError(f.name, errors.Join(writing, f.file.Close()))
	}
	err := errors.Join(writing, f.file.Chmod(f.mode), f.file.Sync(), f.file.Close())
	if err == nil {
		err = os.Rename(f.file.Name(), f.name)
	}
	if err != nil {
		_ = os.Remove(f.file.Name()) // the first error matters more
	}
	return fileError(f.name, err)
}

// WriteFile writes the file name whole or not at all.
func WriteFile(name string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := CreateFile(name, mode)
	if err != nil {
		return err
	}
	return f.Finish(write(f))
}

// CheckWritable reports why [CreateFile] would fail. It changes nothing, and
// does not open a named pipe, as that would wait for a reader.
func CheckWritable(name string) error {
	if info, err := os.Stat(name); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return nil
	}
	f, err := CreateFile(name, 0)
	if err != nil {
		return err
	}
	if err := f.file.Close(); err != nil || !f.temporary {
		return fileError(name, err)
	}
	return fileError(name, os.Remove(f.file.Name()))
}

// fileError names the file instead of the temporary one.
func fileError(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, WithoutPath(err))
}

// WithoutPath returns the cause of an error of package os, without the path.
func WithoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}
