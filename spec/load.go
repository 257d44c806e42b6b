package spec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	maxBytes     = 16 << 20 // of a contract; the largest public ones are below 13 MB
	fetchTimeout = 30 * time.Second
)

// Load reads a contract from source: a file name, an http or https URL, or "-"
// for stdin. Nothing that the document refers to is loaded with it. An error
// is an [*Error] where the contract is at fault or cannot be had.
func Load(ctx context.Context, source string, stdin io.Reader) (*Document, error) {
	data, err := read(ctx, source, stdin)
	name := withoutPassword(source)
	if err != nil {
		return nil, &Error{Source: name, Reason: err.Error()}
	}
	return Parse(name, data)
}

// withoutPassword is a source as it may be shown.
func withoutPassword(source string) string {
	if u, err := url.Parse(source); err == nil && u.User != nil {
		return u.Redacted()
	}
	return source
}

func read(ctx context.Context, source string, stdin io.Reader) ([]byte, error) {
	switch {
	case source == "-":
		if stdin == nil {
			return nil, errors.New("there is no standard input to read the contract from")
		}
		return readAll(stdin)
	case strings.HasPrefix(source, "http://"), strings.HasPrefix(source, "https://"):
		return fetch(ctx, source)
	}
	f, err := os.Open(source)
	if err != nil {
		var pathError *os.PathError
		if errors.As(err, &pathError) {
			return nil, fmt.Errorf("the contract cannot be read: %w", pathError.Err)
		}
		return nil, err
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
