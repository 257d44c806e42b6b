package spec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

const (
	maxBytes     = 16 << 20 // of a contract; the largest public ones are below 13 MB
	fetchTimeout = 30 * time.Second
)

// Load reads a contract from source: a file name, an http or https URL, or "-"
// for stdin. Files that its references lead to are read with it, as long as they are
// in the folder of the contract or in the working directory; for a URL, on the same
// host. An error is an [*Error] where the contract is at fault or cannot be had.
func Load(ctx context.Context, source string, stdin io.Reader) (*Document, error) {
	data, err := read(ctx, source, stdin)
	name := withoutPassword(source)
	if err != nil {
		return nil, &Error{Source: name, Reason: err.Error()}
	}
	return parse(name, data, besideOf(ctx, source), nil)
}

// besideOf reads the other files of a contract; nil where there is no place for them.
func besideOf(ctx context.Context, source string) beside {
	if source == "-" {
		return nil
	}
	if base, isURL := httpURL(source); isURL {
		return func(name string) ([]byte, error) {
			return fetch(ctx, base.ResolveReference(&url.URL{Path: name}).String())
		}
	}
	return func(name string) ([]byte, error) {
		folder, err := filepath.Abs(filepath.Dir(source))
		if err != nil {
			return nil, err
		}
		name = filepath.FromSlash(name)
		if here, err := os.Getwd(); err == nil {
			if within, err := filepath.Rel(here, folder); err == nil && filepath.IsLocal(within) {
				folder, name = here, filepath.Join(within, name)
			}
		}
		if !filepath.IsLocal(name) {
			return nil, errors.New("it is outside the folder of the contract and the working directory, where no file is read")
		}
		root, err := os.OpenRoot(folder)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		if info, err := root.Stat(name); err != nil {
			return nil, cause(err)
		} else if !info.Mode().IsRegular() {
			return nil, errors.New("it is no file")
		}
		f, err := root.Open(name)
		if err != nil {
			return nil, cause(err)
		}
		defer f.Close()
		return readAll(f)
	}
}

// cause is an error about a file without its path, which the message has already.
func cause(err error) error {
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

func httpURL(source string) (*url.URL, bool) {
	u, err := url.Parse(source)
	return u, err == nil && (u.Scheme == "http" || u.Scheme == "https")
}

// withoutPassword is a source as it may be shown.
func withoutPassword(source string) string {
	if u, err := url.Parse(source); err == nil && u.User != nil {
		return u.Redacted()
	}
	return source
}

func read(ctx context.Context, source string, stdin io.Reader) ([]byte, error) {
	if source == "-" {
		if stdin == nil {
			return nil, errors.New("there is no standard input to read the contract from")
		}
		return readAll(stdin)
	}
	if _, isURL := httpURL(source); isURL {
		return fetch(ctx, source)
	}
	f, err := os.Open(source)
	if err != nil {
		return nil, fmt.Errorf("the contract cannot be read: %w", cause(err))
	}
	defer f.Close()
	return readAll(f)
}

func fetch(ctx context.Context, source string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the contract cannot be fetched: %w", errors.Unwrap(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the contract cannot be fetched: the server answered %s", resp.Status)
	}
	return readAll(resp.Body)
}

func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("the contract cannot be read: %w", err)
	}
	if len(data) > maxBytes {
		return nil, fmt.Errorf("the contract is larger than %d MiB", maxBytes>>20)
	}
	return data, nil
}
