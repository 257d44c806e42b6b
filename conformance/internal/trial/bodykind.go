package trial

import (
	"bytes"
	"cmp"
	"maps"
	"mime"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/contract"
	"nox.energy/contract/conformance/internal/wire"
)

// The kinds of bodies that are told apart.
const (
	BodyAsDocumented = "the contract's shape"
	BodyHTML         = "an HTML page"
	BodyNone         = "no body"
)

// BodyKind names the kind of a response's body.
func BodyKind(a *wire.Response) string {
	media, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	start := bytes.ToLower(bytes.TrimSpace(a.Body[:min(len(a.Body), 512)]))
	switch {
	case a.Size == 0 && len(a.Body) == 0:
		return BodyNone
	case media == "text/html" && !a.IsJSON, bytes.HasPrefix(start, []byte("<!doctype html")), bytes.HasPrefix(start, []byte("<html")):
		return BodyHTML
	}
	members, ok := a.Value.(map[string]any)
	if ok && slices.ContainsFunc(a.Request.Op.Responses, func(d *contract.Response) bool { return d.Resembles(members) }) {
		return BodyAsDocumented
	}
	if ok {
		names := slices.Sorted(maps.Keys(members))
		return "the JSON object {" + strings.Join(names[:min(len(names), 6)], ", ") + "}"
	}
	return cmp.Or(media, "a body without a media type")
}
