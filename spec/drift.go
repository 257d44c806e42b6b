package spec

// Drift is how one contract differs from another: what a client that was
// written by the first would meet at a server that keeps the second.
type Drift struct {
	From    Edition  `json:"from"`
	To      Edition  `json:"to"`
	Breaks  bool     `json:"breaks"`  // some change breaks clients for certain
	Changes []Change `json:"changes"` // those that break clients first; never empty
}

// Edition names a contract.
type Edition struct {
	Title   string `json:"title"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	Source  string `json:"source"` // as [Document.Source]
}

// Change is one difference between two contracts.
type Change struct {
	Effect    Effect `json:"effect"`
	Text      string `json:"text"`                // one sentence
	Operation string `json:"operation,omitempty"` // "POST /manufacturer/device-connections"; empty for a change of the whole
}

// Effect is what a change means to clients of the first contract.
type Effect string

// The effects of a change.
const (
	Breaks   Effect = "breaks"    // a client that keeps the first contract is not served, or not understood
	MayBreak Effect = "may break" // some clients are
	Harmless Effect = "harmless"  // none is
	Unjudged Effect = "unjudged"  // nothing is known
)

// Edition names the contract.
func (d *Document) Edition() Edition {
	return Edition{Title: d.title, Version: d.version, SHA256: d.sha256, Source: d.source}
}
