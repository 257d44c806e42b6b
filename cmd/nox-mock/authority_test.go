package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// However many start at once for the first time, there is one CA.
func TestOneAuthority(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new", "folder")
	made := make([]*authority, 8)
	var all sync.WaitGroup
	for i := range made {
		all.Go(func() {
			a, err := loadAuthority(folder, time.Now())
			if err != nil {
				t.Error(err)
				return
			}
			made[i] = a
		})
	}
	all.Wait()
	for _, a := range made {
		if a == nil || !bytes.Equal(a.pem(), made[0].pem()) || !a.pair.PrivateKey.(*ecdsa.PrivateKey).Equal(made[0].pair.PrivateKey) {
			t.Fatal("there are several")
		}
	}
	c := made[0].pair.Leaf
	if !c.IsCA || c.MaxPathLen != 0 || !c.MaxPathLenZero || c.KeyUsage != x509.KeyUsageCertSign || c.NotAfter.Sub(c.NotBefore) > 366*24*time.Hour {
		t.Errorf("the CA may do too much: %+v", c)
	}
	for name, mode := range map[string]os.FileMode{authorityKeyFile: 0o600, authorityFile: 0o644} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// A CA that would not outlive what it signs is replaced, and that is said.
func TestAuthorityIsReplacedInTime(t *testing.T) {
	folder, start := t.TempDir(), time.Now()
	first, err := loadAuthority(folder, start)
	if err != nil || first.renewal() != "" {
		t.Fatal(first, err)
	}
	later := start.Add(authorityLife - leafLife - time.Hour)
	same, err := loadAuthority(folder, later)
	if err != nil || same.renewal() != "" || !same.pair.Leaf.Equal(first.pair.Leaf) {
		t.Errorf("replaced too early: %v, %v", same, err)
	}
	leaf, err := same.issue([]string{"localhost"}, later)
	if err != nil || leaf.Leaf.NotAfter.After(first.pair.Leaf.NotAfter) {
		t.Errorf("a certificate that outlives its CA: %v", err)
	}
	other, err := loadAuthority(folder, later.Add(2*time.Hour))
	if err != nil || other.pair.Leaf.Equal(first.pair.Leaf) ||
		!strings.Contains(other.renewal(), "a new CA was made, as the previous one expires on "+first.pair.Leaf.NotAfter.UTC().Format(time.DateOnly)) {
		t.Errorf("not replaced: %v, %v", other, err)
	}
	if copied, err := os.ReadFile(other.file); err != nil || string(copied) != string(other.pem()) {
		t.Errorf("%s is not the certificate of the new CA: %v", other.file, err)
	}
}

// The certificate is made anew before it expires, so that a mock may run for
// months.
func TestCertificateIsRenewed(t *testing.T) {
	a, err := loadAuthority(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := &certificates{authority: a}
	c.add("localhost", "0.0.0.0", "", "localhost")
	first, err := c.get(nil)
	if err != nil || len(first.Leaf.DNSNames) != 1 || len(first.Leaf.IPAddresses) != 0 {
		t.Fatalf("%+v, %v", first.Leaf, err)
	}
	if again, _ := c.get(nil); again != first {
		t.Error("one at each connection")
	}
	c.current, err = a.issue(c.names, time.Now().Add(-leafLife+time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	old := c.current
	if renewed, err := c.get(nil); err != nil || renewed == old {
		t.Errorf("not renewed: %v", err)
	}
}
