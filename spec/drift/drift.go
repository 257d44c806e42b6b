// Package drift tells how two contracts differ, and what that means to clients.
// It is apart from [nox.energy/contract/spec] for the sake of the library that
// compares, which few who read a contract need.
package drift

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/diff"
	"github.com/oasdiff/oasdiff/load"

	"nox.energy/contract/spec"
)

// Between compares two contracts: the one that clients were written by, and
// another. It returns nil if they are the same, byte for byte, and if they have
// no operation in common and so are contracts of different APIs. An error is a
// [*spec.Error].
func Between(from, to *spec.Document) (*spec.Drift, error) {
	if from.SHA256() == to.SHA256() || !related(from, to) {
		return nil, nil
	}
	before, err := read(from)
	if err != nil {
		return nil, err
	}
	after, err := read(to)
	if err != nil {
		return nil, err
	}
	differences, sources, err := diff.GetWithOperationsSourcesMap(diff.NewConfig(), before, after)
	if err != nil {
		return nil, to.Errorf("", "it cannot be compared with %s: %v", from.Source(), err)
	}
	out := &spec.Drift{From: from.Edition(), To: to.Edition()}
	out.Changes = append(changedServers(from, to), changesOf(differences, sources)...)
	slices.SortStableFunc(out.Changes, func(a, b spec.Change) int { return cmp.Compare(weight(a.Effect), weight(b.Effect)) })
	if len(out.Changes) == 0 {
		out.Changes = []spec.Change{{Effect: spec.Unjudged, Text: "they differ in words, examples or order, and in nothing that a rule of the comparison is about"}}
	}
	out.Breaks = out.Changes[0].Effect == spec.Breaks
	return out, nil
}

func weight(e spec.Effect) int {
	return slices.Index([]spec.Effect{spec.Breaks, spec.MayBreak, spec.Harmless, spec.Unjudged}, e)
}

// related tells whether two contracts share an operation, or the title.
func related(a, b *spec.Document) bool {
	if a.Title() == b.Title() {
		return true
	}
	return slices.ContainsFunc(a.Operations(), func(x spec.Operation) bool {
		return slices.ContainsFunc(b.Operations(), func(y spec.Operation) bool { return x.Method == y.Method && x.Path == y.Path })
	})
}

func read(d *spec.Document) (*load.SpecInfo, error) {
	doc, err := openapi3.NewLoader().LoadFromData(d.Bytes()) // which follows no reference to another file
	if err != nil {
		return nil, d.Errorf("", "it cannot be compared: %v", err)
	}
	return &load.SpecInfo{Spec: doc, Url: d.Source()}, nil
}

// changesOf asks the library for its judgement. What it says of the version of
// the document, of where in it a schema stands and of tags says nothing of clients.
func changesOf(differences *diff.Diff, sources *diff.OperationsSourcesMap) []spec.Change {
	var out []spec.Change
	words := checker.NewDefaultLocalizer()
	rules := checker.NewConfig(checker.GetAllChecks())
	for _, c := range checker.CheckBackwardCompatibilityUntilLevel(rules, differences, sources, checker.INFO) {
		if slices.ContainsFunc([]string{"api-version-", "api-schema-", "api-tag-"}, func(prefix string) bool { return strings.HasPrefix(c.GetId(), prefix) }) {
			continue
		}
		change := spec.Change{Effect: spec.Harmless, Text: strings.ReplaceAll(c.GetUncolorizedText(words), "`", `"`)}
		if strings.HasPrefix(c.GetId(), "api-major-version-") {
			change.Effect = spec.Unjudged // it goes with what breaks clients
		}
		switch c.GetLevel() {
		case checker.ERR:
			change.Effect = spec.Breaks
		case checker.WARN:
			change.Effect = spec.MayBreak
		}
		if c.GetOperation() != "" {
			change.Operation = c.GetOperation() + " " + c.GetPath()
		}
		out = append(out, change)
	}
	return out
}

// changedServers is about where the API is served, which the library passes
// over.
func changedServers(from, to *spec.Document) []spec.Change {
	var out []spec.Change
	for _, url := range from.Servers() {
		if !slices.Contains(to.Servers(), url) {
			out = append(out, spec.Change{Effect: spec.Breaks, Text: fmt.Sprintf("removed the server %q", url)})
		}
	}
	for _, url := range to.Servers() {
		if !slices.Contains(from.Servers(), url) {
			out = append(out, spec.Change{Effect: spec.Harmless, Text: fmt.Sprintf("added the server %q", url)})
		}
	}
	return out
}
