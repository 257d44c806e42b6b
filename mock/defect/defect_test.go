package defect_test

import (
	"regexp"
	"strings"
	"testing"

	"nox.energy/contract/mock/defect"
)

func TestTables(t *testing.T) {
	defects, variations := defect.Defects(), defect.Variations()
	if len(defects) < 85 || len(variations) < 28 {
		t.Errorf("%d defects and %d variations; there were at least 85 and 28", len(defects), len(variations))
	}
	word := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	names, summaries := map[string]bool{}, map[string]string{}
	for _, d := range append(defects, variations...) {
		if !word.MatchString(d.Name) || names[d.Name] {
			t.Errorf("the name %q is taken, or not in words with dashes", d.Name)
		}
		names[d.Name] = true
		if !strings.HasSuffix(d.Summary, ".") && !strings.HasSuffix(d.Summary, `."`) && !strings.HasSuffix(d.Summary, `".`) {
			t.Errorf("%s: the summary is no sentence: %q", d.Name, d.Summary)
		}
		if other, taken := summaries[d.Summary]; taken {
			t.Errorf("%s has the summary of %s", d.Name, other)
		}
		summaries[d.Summary] = d.Name
	}
}

func TestEveryCheckHasADefect(t *testing.T) {
	level := levels(t)
	caught := map[string]bool{}
	for _, d := range defect.Defects() {
		switch want, known := level[d.Caught]; {
		case !known:
			t.Errorf("%s is to be caught by %q, and there is no such check", d.Name, d.Caught)
		case weight(d.Level) == 0 || weight(d.Level) > weight(want): // a finding may weigh less than its check
			t.Errorf("%s is to be caught at level %q by %s, which is of level %q", d.Name, d.Level, d.Caught, want)
		}
		caught[d.Caught] = true
	}
	for id := range level {
		if !caught[id] && id != "http/published" { // which is about two documents, not about a server
			t.Errorf("no defect is to be caught by %s", id)
		}
	}
	for _, v := range defect.Variations() {
		if v.Caught != "" || v.Level != "" {
			t.Errorf("the variation %s names a check", v.Name)
		}
	}
}

func TestFind(t *testing.T) {
	for i, d := range append(defect.Defects(), defect.Variations()...) {
		if testing.Short() && i%20 != 0 {
			continue
		}
		if found, err := defect.Find(d.Name); err != nil || found.Name != d.Name {
			t.Errorf("Find(%q) = %q, %v", d.Name, found.Name, err)
		}
	}
	_, err := defect.Find("echo-lowercased")
	if err == nil || !strings.Contains(err.Error(), `"echo-lowercased"`) || !strings.Contains(err.Error(), `"echo-lower-cased"`) {
		t.Errorf("the error for a misspelt name does not name the nearest: %v", err)
	}
}
