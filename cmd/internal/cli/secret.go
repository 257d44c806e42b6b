package cli

import (
	"fmt"
	"os"
	"runtime"
)

// ReadableByOthers returns a warning if other users of the machine can read a
// file that holds a secret, else "". Where permissions mean something else, as on
// Windows, it says nothing.
func ReadableByOthers(name string) string {
	if name == "" || runtime.GOOS == "windows" {
		return ""
	}
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o044 == 0 {
		return ""
	}
	return fmt.Sprintf("other users of this machine can read %s; run: chmod 600 %[1]s", name)
}
