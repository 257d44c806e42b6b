package contract

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"nox.energy/contract/conformance/internal/schema"
	"nox.energy/contract/spec"
)

// The media types of bodies that are made here, beside JSON.
const (
	formType      = "application/x-www-form-urlencoded"
	multipartType = "multipart/form-data"
	textType      = "text/plain"
)

// boundary separates the parts of a multipart body.
const boundary = "nox-conformance-boundary"

// field is a part of a form, as its "encoding" writes it.
type field struct {
	Parameter
	mediaType string // "" where the contract does not say
	headers   []Parameter
}

// TakesJSON reports whether the operation takes a body in JSON.
func (op *Operation) TakesJSON() bool { return op.Body != nil && IsJSON(op.Body.MediaType) }

// SchemaPointer is where the schema of the body stands, "" for none.
func (b *RequestBody) SchemaPointer() string {
	if !b.hasSchema {
		return ""
	}
	return b.Pointer + "/schema"
}

// essence is the media type of the body without parameters.
func (b *RequestBody) essence() string {
	name, _, _ := mime.ParseMediaType(b.MediaType)
	return name
}

// ContentType is the header of the body.
func (b *RequestBody) ContentType() string {
	if b.essence() == multipartType {
		return multipartType + "; boundary=" + boundary
	}
	return b.MediaType
}

// Is reports whether the body is of a media type.
func (b *RequestBody) Is(mediaType string) bool { return b != nil && b.essence() == mediaType }

// IsBuilt reports whether bodies of the media type can be made.
func (b *RequestBody) IsBuilt() bool {
	name := b.essence()
	return IsJSON(name) || name == formType || name == multipartType || strings.HasPrefix(name, "text/") && name != "text/xml" || b.isFile()
}

// MayBeEmpty reports whether nothing is a body too: an empty text, or file.
func (b *RequestBody) MayBeEmpty() bool {
	name := b.essence()
	return !IsJSON(name) && name != formType && name != multipartType && (b.isFile() || b.Schema.Fits(""))
}

// In is the body in a media type.
func (b *RequestBody) In(mediaType string) *RequestBody {
	for _, other := range b.Others {
		if other.essence() == mediaType && b.essence() != mediaType {
			return other
		}
	}
	return b
}

// isFile reports whether the body is a file, of which there is a sample.
func (b *RequestBody) isFile() bool {
	_, ok := sampleFile(b.essence())
	return ok
}

// readFields reads how the parts of a form are written (OpenAPI 3.0.3, "Encoding
// Object"): those in JSON, those as in a query, files.
func (b *RequestBody) readFields(r *contractReader, media node, pointer string) {
	b.fields = map[string]field{}
	for _, m := range media.node("encoding") {
		n := asNode(m.Value)
		f := field{Parameter: Parameter{Name: m.Name, style: n.text("style"), asJSON: IsJSON(n.text("contentType"))}, mediaType: n.text("contentType")}
		if f.explode = f.style == "" || f.style == "form"; n.has("explode") {
			f.explode = n.flag("explode")
		}
		for _, h := range n.node("headers") {
			header := r.described(asNode(h.Value), "header", pointer+spec.Pointer("encoding", m.Name, "headers", h.Name))
			if header.Name = h.Name; header.Required && !strings.EqualFold(h.Name, "Content-Type") {
				f.headers = append(f.headers, header)
			}
		}
		b.fields[m.Name] = f
	}
}

func (b *RequestBody) field(name string) field {
	if f, ok := b.fields[name]; ok {
		return f
	}
	return field{Parameter: Parameter{Name: name, explode: true}}
}

// Encode writes a value as the media type of the body wants it. It returns nil
// for a value that cannot be written so.
func (b *RequestBody) Encode(v any) []byte {
	switch b.essence() {
	case formType, multipartType:
		members, ok := v.(schema.Object)
		if !ok {
			return nil
		}
		if b.essence() == formType {
			return b.encodeForm(members)
		}
		return b.encodeMultipart(members, nil)
	}
	content, isFile := sampleFile(b.essence())
	switch {
	case isFile:
		return content
	case IsJSON(b.essence()):
		return schema.Encode(v)
	case isScalar(v):
		return []byte(scalarText(v))
	}
	return nil
}

func isScalar(v any) bool {
	switch v.(type) {
	case []any, schema.Object, nil:
		return false
	}
	return true
}

// isFlat reports whether a value is a scalar, or a list of scalars that is not empty.
func isFlat(v any) bool {
	items, isList := v.([]any)
	for _, item := range items {
		if !isScalar(item) {
			return false
		}
	}
	return isScalar(v) || isList && len(items) > 0
}

func (b *RequestBody) encodeForm(members schema.Object) []byte {
	pairs := []string{}
	for _, m := range members {
		f := b.field(m.Name)
		if _, isObject := m.Value.(schema.Object); isObject && f.style == "" {
			f.asJSON = true // as where nothing else is said (OpenAPI 3.0.3, "Encoding Object")
		}
		if !f.asJSON && !isFlat(m.Value) && !(f.style == "deepObject" && fillsBrackets(m.Value)) {
			return nil
		}
		pairs = append(pairs, f.QueryPairs(m.Value)...)
	}
	return []byte(strings.Join(pairs, "&"))
}

// encodeMultipart writes a form in parts. change may have a part be a file of another type,
// or change its headers.
func (b *RequestBody) encodeMultipart(members schema.Object, change func(name, as string, header textproto.MIMEHeader) string) []byte {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	w.SetBoundary(boundary) // which is one
	for _, m := range members {
		f := b.field(m.Name)
		values, isList := m.Value.([]any)
		if !isList || f.asJSON {
			values = []any{m.Value}
		} else if len(values) == 0 {
			return nil
		}
		for _, v := range values {
			header := textproto.MIMEHeader{}
			disposition := "form-data; name=" + quoted(m.Name)
			text := scalarText(v)
			as := fileType(f.mediaType)
			if change != nil {
				as = change(m.Name, as, textproto.MIMEHeader{})
			}
			file, isSample := sampleFile(as)
			switch _, isObject := v.(schema.Object); {
			case v == nil:
				return nil
			case isObject, f.asJSON: // as OpenAPI 3.0.3 wants it where nothing else is said
				header.Set("Content-Type", "application/json")
				text = string(schema.Encode(v))
			case isSample && isScalar(v):
				disposition += "; filename=" + quoted("conformance."+as[strings.Index(as, "/")+1:])
				header.Set("Content-Type", as)
				text = string(file)
			case b.hasFile(m.Name):
				disposition += "; filename=" + quoted("conformance.bin")
				header.Set("Content-Type", "application/octet-stream")
			case !isScalar(v):
				return nil
			}
			if f.mediaType != "" && !strings.ContainsAny(f.mediaType, "*,") {
				header.Set("Content-Type", f.mediaType)
			}
			for _, h := range f.headers {
				value, ok := h.Minimal()
				if !ok {
					return nil
				}
				header.Set(h.Name, h.Text(value))
			}
			if change != nil {
				change(m.Name, as, header)
			}
			header.Set("Content-Disposition", disposition)
			part, err := w.CreatePart(header)
			if err != nil {
				return nil
			}
			part.Write([]byte(text)) // into memory
		}
	}
	w.Close()
	return out.Bytes()
}

// quoted writes a name as browsers do (WHATWG HTML, "Multipart form data").
func quoted(name string) string {
	return `"` + strings.NewReplacer("\n", "%0A", "\r", "%0D", `"`, "%22").Replace(name) + `"`
}

// hasFile reports whether a part is a file by its schema.
func (b *RequestBody) hasFile(name string) bool {
	p := b.Schema.Property(name)
	if p == nil {
		return false
	}
	s := p.Schema
	if s.HasType("array") && s.Items != nil {
		s = s.Items
	}
	return s.Format == "binary"
}

// Files names the parts whose content has a format of its own, which no text that
// is made here would have.
func (b *RequestBody) Files() []string {
	var out []string
	for name, f := range b.fields {
		if f.mediaType != "" && !f.asJSON && !strings.HasPrefix(f.mediaType, "text/") && fileType(f.mediaType) == "" {
			out = append(out, name)
		}
	}
	return out
}

// Decode reads a body as a server does that knows the schema: what a form has in
// text becomes a number or a truth value where the schema has one there.
func (b *RequestBody) Decode(body []byte) (any, error) {
	switch b.essence() {
	case formType:
		return b.decodeForm(body)
	case multipartType:
		return b.decodeMultipart(body)
	}
	return meant(string(body), b.Schema), nil
}

func (b *RequestBody) decodeForm(body []byte) (any, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	out := schema.Object{}
	deep := bracketed{}
	for name, texts := range values {
		outer, _, isDeep := strings.Cut(name, "[")
		switch f := b.field(outer); {
		case isDeep && f.style == "deepObject":
			deep.add(name, texts[0])
		case b.field(name).asJSON:
			out = append(out, schema.Member{Name: name, Value: schema.Literal(texts[0])})
		default:
			f := b.field(name)
			if separator := f.separator(); b.schemaOf(name).HasType("array") && !f.explode {
				texts = strings.Split(texts[0], separator)
			}
			out = append(out, schema.Member{Name: name, Value: meantAll(texts, b.schemaOf(name).Schema)})
		}
	}
	for name, within := range deep {
		out = append(out, schema.Member{Name: name, Value: read(within, b.schemaOf(name).Schema)})
	}
	return out, nil
}

// bracketed is what stands under names with brackets, by the parts of the name: a text,
// or what stands deeper.
type bracketed map[string]any

// add notes a text under a name as a[b][0].
func (b bracketed) add(name, text string) {
	path := strings.Split(strings.TrimSuffix(strings.ReplaceAll(strings.Replace(name, "[", "][", 1), "][", "\x00"), "]"), "\x00")
	for _, part := range path[:len(path)-1] {
		deeper, ok := b[part].(bracketed)
		if !ok {
			deeper = bracketed{}
			b[part] = deeper
		}
		b = deeper
	}
	b[path[len(path)-1]] = text
}

// read reads it by a schema: places in order as a list, unless the schema has an
// object there.
func read(v any, s *schema.Schema) any {
	within, ok := v.(bracketed)
	if !ok {
		text, _ := v.(string)
		return meantAll([]string{text}, s)
	}
	if len(s.Choices) > 0 {
		for _, view := range s.Views() {
			if made := read(v, view); s.Fits(made) {
				return made
			}
		}
	}
	var list []any
	for i := range len(within) {
		if item, ok := within[strconv.Itoa(i)]; ok && s.AcceptsType("array") {
			items := s.Items
			if items == nil {
				items = &schema.Schema{}
			}
			list = append(list, read(item, items))
		}
	}
	if len(list) == len(within) {
		return list
	}
	o := schema.Object{}
	for name, each := range within {
		o = append(o, schema.Member{Name: name, Value: read(each, partSchema{s}.propertySchema(name))})
	}
	return o
}

// separator stands between the items of a list, as a reader finds it.
func (f field) separator() string {
	return map[string]string{"spaceDelimited": " ", "pipeDelimited": "|"}[f.style] + map[bool]string{true: ","}[f.style == "" || f.style == "form"]
}

func (b *RequestBody) decodeMultipart(body []byte) (any, error) {
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	out := schema.Object{}
	texts := map[string][]string{}
	for {
		part, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		if err := b.field(part.FormName()).fits(part.Header); err != nil {
			return nil, err
		}
		texts[part.FormName()] = append(texts[part.FormName()], string(text))
	}
	for name, all := range texts {
		out = append(out, schema.Member{Name: name, Value: meantAll(all, b.schemaOf(name).Schema)})
	}
	return out, nil
}

// partSchema is the schema of a part, of anything where the form declares none.
type partSchema struct{ *schema.Schema }

func (b *RequestBody) schemaOf(name string) partSchema {
	return partSchema{partSchema{b.Schema}.propertySchema(name)}
}

func (p partSchema) propertySchema(name string) *schema.Schema {
	if declared := p.Property(name); declared != nil {
		return declared.Schema
	}
	branches := schema.Choice{Keyword: "anyOf"} // of what the branches declare
	for _, c := range p.Choices {
		for _, branch := range c.Branches {
			if declared := branch.Property(name); declared != nil {
				branches.Branches = append(branches.Branches, declared.Schema)
			}
		}
	}
	switch {
	case len(branches.Branches) > 0:
		return &schema.Schema{Choices: []schema.Choice{branches}}
	case p.Additional != nil:
		return p.Additional
	}
	return &schema.Schema{}
}

// meantAll reads the texts under one name: a list where the schema has one, or
// where there are several.
func meantAll(texts []string, s *schema.Schema) any {
	if !s.HasType("array") && len(texts) == 1 {
		for _, v := range []any{meant(texts[0], s), literally(texts[0]), []any{texts[0]}} {
			if s.Fits(v) {
				return v
			}
		}
		return meant(texts[0], s)
	}
	items := s.Items
	if items == nil {
		items = &schema.Schema{}
	}
	if len(texts) == 1 && (items.HasType("object") || items.HasType("array")) && strings.HasPrefix(texts[0], "[") && json.Valid([]byte(texts[0])) {
		return schema.Literal(texts[0])
	}
	list := []any{}
	for _, text := range texts {
		list = append(list, meant(text, items))
	}
	return list
}

var (
	// trueWord and falseWord are what readers of forms take for truth values.
	trueWord  = regexp.MustCompile(`(?i)^(true|1|t|on|yes|y)$`)
	falseWord = regexp.MustCompile(`(?i)^(false|0|f|off|no|n|)$`)
)

// meant reads a text as the type that the schema has for it.
func meant(text string, s *schema.Schema) any {
	n, isNumber := number(text)
	switch {
	case s.Types == nil || s.HasType("string"):
	case isNumber && (s.HasType("number") || s.HasType("integer")):
		return n
	case s.HasType("boolean") && trueWord.MatchString(text):
		return true
	case s.HasType("boolean") && falseWord.MatchString(text):
		return false
	case (s.HasType("object") || s.HasType("array")) && json.Valid([]byte(text)):
		return schema.Literal(text)
	}
	return text
}
