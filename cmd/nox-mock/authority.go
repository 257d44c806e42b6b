package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"nox.energy/contract/cmd/internal/cli"
)

// An authority is a local CA. It is made once and kept, so that each client must
// trust it only once. It signs the certificate that each start makes.
type authority struct {
	file     string // certificate, for clients
	pair     *tls.Certificate
	replaced time.Time // expiry of the previous CA; zero if there was none
}

const (
	authorityLife = 365 * 24 * time.Hour
	leafLife      = 60 * 24 * time.Hour // of the certificates that it signs
	clockSkew     = time.Hour           // of clients that is tolerated

	// authorityKeyFile contains key and certificate in one file, so that they always
	// match; authorityFile is a copy of the certificate for clients.
	authorityKeyFile = "ca-key.pem"
	authorityFile    = "ca.pem"
)

// authorityFolder returns the folder of the CA: folder, or one in the user's
// configuration folder if folder is empty.
func authorityFolder(folder string) (string, error) {
	if folder != "" {
		return folder, nil
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return "", badUsage("this user has no configuration folder to keep the CA in; name a folder with --tls-dir")
	}
	return filepath.Join(config, "nox-mock"), nil
}

// loadAuthority returns the CA in folder. It makes a new one if there is none, or if
// the certificate would not outlive what it signs.
func loadAuthority(folder string, now time.Time) (*authority, error) {
	folder, err := authorityFolder(folder)
	if err != nil {
		return nil, err
	}
	if folder, err = filepath.Abs(folder); err != nil { // clients may have another working directory
		return nil, cannotSaveCA(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, cannotSaveCA(err)
	}
	unlock, err := lockFile(filepath.Join(folder, "lock"), true) // two mocks may start at once
	if err != nil {
		return nil, cannotSaveCA(err)
	}
	defer unlock()
	file := filepath.Join(folder, authorityFile)
	a, err := readAuthority(filepath.Join(folder, authorityKeyFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a, err = makeAuthority(folder, now)
	case err == nil && now.Add(leafLife).After(a.pair.Leaf.NotAfter):
		ended := a.pair.Leaf.NotAfter
		if a, err = makeAuthority(folder, now); err == nil {
			a.replaced = ended
		}
	}
	if err != nil {
		return nil, err
	}
	a.file = file
	if copied, err := os.ReadFile(file); err != nil || !bytes.Equal(copied, a.pem()) {
		if err := writeData(file, a.pem(), 0o644); err != nil {
			return nil, cannotSaveCA(err)
		}
	}
	return a, nil
}

func cannotSaveCA(err error) error {
	return fmt.Errorf("the CA cannot be saved; choose another folder with --tls-dir: %w", err)
}

// readAuthority reads a CA that [makeAuthority] wrote.
func readAuthority(name string) (*authority, error) {
	info, err := os.Stat(name)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, badUsage("other users can read the CA's private key in %s; run chmod 600 on it, or delete it to make a new CA", name)
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, badUsage("the CA cannot be read: %w", err)
	}
	damaged := badUsage("the CA in %s is damaged; delete it to make a new one, which clients must then trust", name)
	keyBlock, rest := pem.Decode(data)
	certificateBlock, _ := pem.Decode(rest)
	if keyBlock == nil || certificateBlock == nil {
		return nil, damaged
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	if err != nil { // its text may contain the key
		return nil, damaged
	}
	certificate, err := x509.ParseCertificate(certificateBlock.Bytes)
	if err != nil || !key.PublicKey.Equal(certificate.PublicKey) {
		return nil, damaged
	}
	return &authority{pair: &tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key, Leaf: certificate}}, nil
}

// makeAuthority makes a CA and writes it, readable only by its owner. It may sign
// certificates of servers but no other CA.
func makeAuthority(folder string, now time.Time) (*authority, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "nox-mock CA made on " + now.UTC().Format(time.DateOnly)},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	pair, err := cli.Certify(template, nil)
	if err != nil {
		return nil, err
	}
	a := &authority{pair: pair}
	secret, err := x509.MarshalECPrivateKey(pair.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		return nil, err
	}
	data := append(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), a.pem()...)
	if err := writeData(filepath.Join(folder, authorityKeyFile), data, 0o600); err != nil {
		return nil, cannotSaveCA(err)
	}
	return a, nil
}

// pem returns the certificate in PEM.
func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.pair.Leaf.Raw})
}

// renewal returns a message that clients must trust a new CA, "" if they need not.
func (a *authority) renewal() string {
	if a.replaced.IsZero() {
		return ""
	}
	return fmt.Sprintf("nox-mock: a new CA was made, as the previous one expires on %s; clients must now trust %s\n",
		a.replaced.UTC().Format(time.DateOnly), a.file)
}

const trustHelp = `This CA signs the certificates of nox-mock --tls-auto on this machine until %s. Clients
must trust it once. Its file is

  %s

  curl             curl --cacert FILE …
  Node             NODE_EXTRA_CA_CERTS=FILE node …
  Python           SSL_CERT_FILE=FILE python3 …   (requests: REQUESTS_CA_BUNDLE=FILE)
  Go               SSL_CERT_FILE=FILE …           (not on macOS and Windows)
  nox-conformance  nox-conformance --ca-cert FILE …

SSL_CERT_FILE and REQUESTS_CA_BUNDLE replace all other CAs. The private key is in the
same folder, readable only by its owner: whoever has it can pose as any server to clients
that trust this CA.
`

// printAuthority prints the certificate of the CA on standard output, and how
// to use it on standard error.
func printAuthority(settings settings, stdout, stderr io.Writer) error {
	a, err := loadAuthority(settings.tlsDir, time.Now())
	if err != nil {
		return err
	}
	if _, err := stdout.Write(a.pem()); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	io.WriteString(stderr, a.renewal())
	if !settings.quiet {
		fmt.Fprintf(stderr, trustHelp, a.pair.Leaf.NotAfter.UTC().Format(time.DateOnly), a.file)
	}
	return nil
}
