package cli

import (
	"cmp"
	"runtime/debug"
	"strings"
)

// What a release is built from, set by the linker as in
// -ldflags "-X nox.energy/contract/cmd/internal/cli.version=v1.2.3".
var version, commit, date string

// Build says what a program was built from.
type Build struct {
	Version string // "(devel)" if unknown
	Commit  string // "" if unknown
	Date    string // of the commit, or of the build of a release; "" if unknown
}

// ReadBuild returns what the program was built from: what the linker was told,
// or else what the Go toolchain recorded.
func ReadBuild() Build {
	b := Build{version, commit, date}
	if info, ok := debug.ReadBuildInfo(); ok {
		b.Version = cmp.Or(b.Version, info.Main.Version)
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				b.Commit = cmp.Or(b.Commit, s.Value)
			case "vcs.time":
				b.Date = cmp.Or(b.Date, s.Value)
			}
		}
	}
	b.Version = cmp.Or(b.Version, "(devel)")
	return b
}

// String is "v1.2.3", followed by the commit and the date if they are known:
// "v1.2.3 (commit 0123456789ab, 2026-11-26)".
func (b Build) String() string {
	var parts []string
	if b.Commit != "" {
		parts = append(parts, "commit "+b.Commit[:min(12, len(b.Commit))])
	}
	if b.Date != "" {
		day, _, _ := strings.Cut(b.Date, "T")
		parts = append(parts, day)
	}
	if parts == nil {
		return b.Version
	}
	return b.Version + " (" + strings.Join(parts, ", ") + ")"
}

// Version returns the version that the program was built from.
func Version() string { return ReadBuild().Version }
