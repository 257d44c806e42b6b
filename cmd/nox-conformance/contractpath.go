package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"nox.energy/contract/conformance"
	"nox.energy/contract/spec"
)

// findInRepository finds the contract among the user's files, so that reports point
// to lines of an existing file: the one that --contract-path names, else the one that
// --spec names. It returns the contract as read from that file, whose lines may
// differ, and the path from the root of the repository. If there is no such file, it
// returns contract and "".
func (o *options) findInRepository(ctx context.Context, contract *spec.Document, std streams) (*spec.Document, string, error) {
	if o.contractPath == "" {
		info, err := os.Stat(o.spec)
		if o.spec == "" || err != nil || !info.Mode().IsRegular() { // embedded, a URL, standard input, a pipe
			return contract, "", nil
		}
		return contract, pathInRepository(o.spec), nil
	}
	info, err := os.Stat(o.contractPath)
	if err != nil {
		return nil, "", fmt.Errorf("--contract-path: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, "", &conformance.UsageError{Problem: fmt.Sprintf("--contract-path: %s is not a file", o.contractPath)}
	}
	copied, err := spec.Load(ctx, o.contractPath, std.in)
	if err != nil {
		return nil, "", err
	}
	if copied.SHA256() != contract.SHA256() {
		return nil, "", &conformance.UsageError{Problem: fmt.Sprintf("--contract-path: %s differs from %s; to judge by it, use --spec", o.contractPath, contract.Source())}
	}
	path := pathInRepository(o.contractPath)
	if path == "" {
		return nil, "", &conformance.UsageError{Problem: fmt.Sprintf("--contract-path: %s is outside of the repository", o.contractPath)}
	}
	return copied, path, nil
}

// pathInRepository returns the path of a file from the root of its repository, or
// from the working directory if there is no repository; "" if the file is outside.
func pathInRepository(file string) string {
	file, err := filepath.Abs(file)
	if err != nil {
		return ""
	}
	root := filepath.Dir(file)
	for {
		if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
			break
		}
		parent := filepath.Dir(root)
		if parent == root { // no repository
			if root, err = os.Getwd(); err != nil {
				return ""
			}
			break
		}
		root = parent
	}
	path, err := filepath.Rel(root, file)
	if err != nil || path == ".." || strings.HasPrefix(path, ".."+string(filepath.Separator)) {
		return ""
	}
	return filepath.ToSlash(path)
}
