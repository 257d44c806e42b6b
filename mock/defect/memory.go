package defect

import (
	"slices"
	"sync"
)

// A memory is what a wrapped handler keeps of earlier exchanges, each under a
// name. It is empty when the handler is new.
type memory struct {
	mu     sync.Mutex
	turn   sync.Mutex // held while oneByOne changes an answer
	counts map[string]int64
	texts  map[string]string
	lists  map[string][]string
}

func newMemory() *memory {
	return &memory{counts: map[string]int64{}, texts: map[string]string{}, lists: map[string][]string{}}
}

// count counts up and returns how often it did for the name.
func (m *memory) count(name string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[name]++
	return m.counts[name]
}

// counted is what count returned last.
func (m *memory) counted(name string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[name]
}

// keep replaces a text and returns the one before.
func (m *memory) keep(name, text string) (before string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before, m.texts[name] = m.texts[name], text
	return before
}

// kept is the text that was kept last, "" if none was.
func (m *memory) kept(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.texts[name]
}

// first keeps a text, unless one is there, and returns the one that is.
func (m *memory) first(name, text string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.texts[name]; !ok {
		m.texts[name] = text
	}
	return m.texts[name]
}

// list returns a list of texts, to which it first adds those that are not there.
func (m *memory) list(name string, add ...string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, text := range add {
		if !slices.Contains(m.lists[name], text) {
			m.lists[name] = append(m.lists[name], text)
		}
	}
	return slices.Clone(m.lists[name])
}

// keepList replaces a list of texts.
func (m *memory) keepList(name string, texts []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lists[name] = texts
}
