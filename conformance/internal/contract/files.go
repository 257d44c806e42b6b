package contract

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"mime"
	"net/textproto"
	"slices"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/spec"
)

// sampleFile is a small file of a media type: ok is false for one that is not known.
func sampleFile(mediaType string) (content []byte, ok bool) {
	var out bytes.Buffer
	dot := image.NewPaletted(image.Rect(0, 0, 1, 1), []color.Color{color.White})
	switch strings.TrimSpace(mediaType) {
	case "image/png":
		png.Encode(&out, dot) // into memory
	case "image/jpeg", "image/jpg":
		jpeg.Encode(&out, dot, nil)
	case "image/gif":
		gif.Encode(&out, dot, nil)
	case "application/octet-stream":
		return []byte("nox-conformance"), true
	case "application/zip", "application/x-zip-compressed":
		return append([]byte("PK\x05\x06"), make([]byte, 18)...), true // without a file in it
	}
	return out.Bytes(), out.Len() > 0
}

// concrete is the media type to send for one, or for a range of them.
func concrete(mediaType string) string {
	switch mediaType {
	case "image/*":
		return "image/png"
	case "text/*":
		return textType
	case "*/*", "application/*":
		return "application/json"
	}
	return mediaType
}

// fileType is the first media type of a list of which there is a sample, "" if there is
// none.
func fileType(list string) string {
	for _, each := range strings.Split(list, ",") {
		each = concrete(strings.ToLower(strings.TrimSpace(each)))
		if _, ok := sampleFile(each); ok {
			return each
		}
	}
	return ""
}

// fits judges the headers of a part by its encoding. One that does not say its type is
// of any.
func (f field) fits(header textproto.MIMEHeader) error {
	sent, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if f.mediaType != "" && sent != "" && !slices.ContainsFunc(strings.Split(f.mediaType, ","), func(each string) bool {
		name, _, _ := mime.ParseMediaType(each)
		return MatchesMediaRange(sent, name)
	}) {
		return fmt.Errorf("the part %s is of the media type %s", f.Name, sent)
	}
	for _, h := range f.headers {
		text := header.Get(h.Name)
		if text == "" {
			return fmt.Errorf("the part %s has no header %s", f.Name, h.Name)
		}
		if !slices.ContainsFunc([]any{text, schema.Literal(text), text == "true"}, h.Schema.Fits) {
			return fmt.Errorf("the header %s of the part %s does not fit its schema", h.Name, f.Name)
		}
	}
	return nil
}

// Twist is a form that differs from the plain one in how a part is written.
type Twist struct {
	Name, Description, Pointer string
	Fits                       bool
	Firmness                   schema.Firmness
	Body                       []byte
}

// Twists lists forms that try what the encoding of their parts says.
func (b *RequestBody) Twists() (out []Twist) {
	members, _ := b.Full.(schema.Object)
	if b.essence() != multipartType {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(b.fields)) {
		f := b.fields[name]
		if _, has := members.Get(name); !has {
			continue
		}
		part := "part-" + schema.IDWord(name)
		add := func(suffix, about string, fits bool, hold schema.Firmness, change func(as string, header textproto.MIMEHeader) string) {
			body := b.encodeMultipart(members, func(each, as string, header textproto.MIMEHeader) string {
				if each != name {
					return as
				}
				return change(as, header)
			})
			out = append(out, Twist{part + "-" + suffix, "the part " + name + " " + about, b.Pointer + spec.Pointer("encoding", name), fits, hold, body})
		}
		if fileType(f.mediaType) != "" {
			for _, other := range strings.Split(f.mediaType, ",") {
				if other = fileType(other); other != "" && other != fileType(f.mediaType) {
					add("as-"+schema.IDWord(other), "as "+other, true, schema.Firm, func(string, textproto.MIMEHeader) string { return other })
				}
			}
			add("other-type", "as text/plain", false, schema.Annotated, func(as string, header textproto.MIMEHeader) string {
				header.Set("Content-Type", textType)
				return as
			})
		}
		for _, h := range f.headers {
			add("no-"+schema.IDWord(h.Name), "without its header "+h.Name, false, schema.Firm, func(as string, header textproto.MIMEHeader) string {
				header.Del(h.Name)
				return as
			})
			v, _ := h.Minimal()
			for _, m := range (schema.Spot{Body: v, Schema: h.Schema, Effective: h.Schema, Value: v}).Breaches() {
				add("with-"+schema.IDWord(h.Name)+"-"+m.Name, "with its header "+h.Name+" "+m.Description, false, m.Firmness, func(as string, header textproto.MIMEHeader) string {
					header.Set(h.Name, h.Text(m.Value))
					return as
				})
			}
		}
	}
	return out
}
