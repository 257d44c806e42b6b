package spec_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nox.energy/contract/spec"
)

// bare is the embedded document without the page around it.
func bare(t testing.TB) []byte {
	t.Helper()
	d, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(d.Bytes())
}

func TestPageAndBareDocumentAreTheSameContract(t *testing.T) {
	page, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	alone, err := spec.Parse("contract.yaml", bare(t))
	if err != nil {
		t.Fatal(err)
	}
	if page.SHA256() != alone.SHA256() || len(page.SHA256()) != 64 {
		t.Errorf("digests %q and %q", page.SHA256(), alone.SHA256())
	}
	if page.Title() != "NOX Authenticator API — Manufacturer" || page.Version() != "2.0.0" || page.BasePath() != "/v2" {
		t.Errorf("%q %q %q", page.Title(), page.Version(), page.BasePath())
	}
	const pointer = "/paths/~1manufacturer~1device-connections/post/responses/401/description"
	inPage, err := page.Clause(pointer)
	if err != nil {
		t.Fatal(err)
	}
	inBare, err := alone.Clause(pointer)
	if err != nil {
		t.Fatal(err)
	}
	if inPage.Line != inBare.Line+13 || inPage.Quote != inBare.Quote {
		t.Errorf("%v in the page, %v alone", inPage, inBare)
	}
	text, err := os.ReadFile("create-manufacturer-device-connection.md")
	if err != nil {
		t.Fatal(err)
	}
	if line := strings.Split(string(text), "\n")[inPage.Line-1]; !strings.Contains(line, "Missing or invalid API key") {
		t.Errorf("line %d of the page is %q", inPage.Line, line)
	}
}

// Every pointer of the document leads to a line that holds its last token.
func TestClausesStandWhereTheySayTheyDo(t *testing.T) {
	d, err := spec.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("create-manufacturer-device-connection.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(page), "\n")
	for _, pointer := range []string{
		"/info/title", "/servers", "/servers/0/url", "/components/securitySchemes/ApiKeyAuth/name",
		"/paths/~1manufacturer~1device-connections/post/operationId",
		"/paths/~1manufacturer~1device-connections/post/requestBody/required",
		"/paths/~1manufacturer~1device-connections/post/requestBody/content/application~1json/schema/properties/user_id/type",
		"/paths/~1manufacturer~1device-connections/post/responses/201/content/application~1json/schema/required",
		"/paths/~1manufacturer~1device-connections/post/responses/500/content/application~1json/example/error",
	} {
		c, err := d.Clause(pointer)
		if err != nil {
			t.Error(err)
			continue
		}
		token := strings.ReplaceAll(pointer[strings.LastIndex(pointer, "/")+1:], "~1", "/")
		if !strings.Contains(lines[c.Line-1], token+":") {
			t.Errorf("%s: line %d is %q", pointer, c.Line, lines[c.Line-1])
		}
	}
	resolved, err := d.Clause("/paths/~1manufacturer~1device-connections/post/responses/400/content/application~1json/schema/properties/error")
	if err != nil || resolved.Pointer != "/components/schemas/ErrorResponse/properties/error" {
		t.Errorf("%+v %v", resolved, err)
	}
	for _, nowhere := range []string{"/nowhere", "no pointer", "/servers/7", "/paths/x"} {
		if c, err := d.Clause(nowhere); err == nil {
			t.Errorf("%q was found: %+v", nowhere, c)
		}
	}
}

// change replaces one text of the bare document.
func change(t *testing.T, from, to string) []byte {
	t.Helper()
	text := bare(t)
	if !bytes.Contains(text, []byte(from)) {
		t.Fatalf("the document has no %q", from)
	}
	return bytes.Replace(text, []byte(from), []byte(to), 1)
}

func TestUnusableContracts(t *testing.T) {
	for name, c := range map[string]struct {
		text []byte
		line int
		says string
	}{
		"nothing":                {nil, 0, "not an OpenAPI document"},
		"a sentence":             {[]byte("hello"), 1, "not an OpenAPI document"},
		"a page without one":     {[]byte("# Title\n\n```yaml\na: b\n```\n"), 0, "no OpenAPI document"},
		"broken YAML":            {change(t, "  version: 2.0.0", "  version: 2.0.0\n bad"), 0, "not YAML or JSON"},
		"broken JSON":            {[]byte(`{"openapi": "3.0.3",`), 0, "not YAML or JSON"},
		"broken in a page":       {[]byte("# T\n\n```yaml\nopenapi: 3.0.3\n\tinfo: x\n```\n"), 5, "not YAML or JSON"},
		"Swagger":                {change(t, "openapi: 3.0.3", "swagger: '2.0'"), 1, "Swagger 2.0"},
		"another version":        {change(t, "openapi: 3.0.3", "openapi: 4.0.0"), 1, `"4.0.0" is not supported`},
		"no operation":           {[]byte("openapi: 3.0.3\ninfo: {title: t, version: '1'}\nservers: [{url: /}]\npaths: {}\n"), 4, "declares no operation"},
		"no paths":               {[]byte("openapi: 3.0.3\ninfo: {title: t, version: '1'}\nservers: [{url: /}]\n"), 0, "declares no operation"},
		"a dangling $ref":        {change(t, "'#/components/schemas/ErrorResponse'", "'#/components/schemas/Nothing'"), 46, "leads nowhere"},
		"a remote $ref":          {change(t, "'#/components/schemas/ErrorResponse'", "'http://127.0.0.1:9/x.yaml'"), 46, "leaves the document"},
		"a file $ref":            {change(t, "'#/components/schemas/ErrorResponse'", "'../../etc/passwd'"), 46, "leaves the document"},
		"contradictory paths":    {[]byte("openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /a/{x}: {get: {responses: {'200': {description: d}}}}\n  /a/{y}: {get: {responses: {'200': {description: d}}}}\n"), 5, "contradict each other"},
		"a circle of references": {[]byte("openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {/a: {get: {responses: {'200': {$ref: '#/components/responses/A'}}}}}\ncomponents: {responses: {A: {$ref: '#/components/responses/B'}, B: {$ref: '#/components/responses/A'}}}\n"), 0, "in a circle"},
		"an alias bomb":          {[]byte(bomb(12)), 0, "too large"},
		"an anchor in itself":    {[]byte("openapi: 3.0.3\nx-a: &a [*a]\n"), 2, "contains itself"},
		"deep nesting":           {[]byte("openapi: 3.0.3\nx-a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "\n"), 0, "deep"},
		"deep nesting in JSON":   {[]byte(`{"openapi": "3.0.3", "x-a": ` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}"), 1, "deeper than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := spec.Parse("c.yaml", c.text)
			var e *spec.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			if !strings.Contains(e.Reason, c.says) || c.line > 0 && e.Line != c.line || e.Source != "c.yaml" {
				t.Errorf("%s (line %d), want %q (line %d)", err, e.Line, c.says, c.line)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

// bomb is a document whose aliases double it with every level.
func bomb(levels int) string {
	text := "openapi: 3.0.3\nx-0: &a0 [" + strings.Repeat("z,", 9) + "z]\n"
	for i := 1; i < levels; i++ {
		text += fmt.Sprintf("x-%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), i-1)
	}
	return text
}

func TestShapesOfADocument(t *testing.T) {
	text := string(bare(t))
	for name, source := range map[string]string{
		"byte order mark":         "\ufeff" + text,
		"Windows line ends":       strings.ReplaceAll(text, "\n", "\r\n"),
		"tildes":                  "# A page\n\n~~~ yaml\n" + text + "\n~~~\n\nmore\n",
		"an indented fence":       "text\n\n   ```\n   " + strings.ReplaceAll(text, "\n", "\n   ") + "\n   ```\n",
		"after another fence":     "```sh\ncurl x\n```\n\n````yaml\n" + text + "\n````\n",
		"a fence that never ends": "# A page\n\n```yaml\n" + text,
	} {
		d, err := spec.Parse("page.md", []byte(source))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d.Version() != "2.0.0" || len(d.Operations()) != 1 {
			t.Errorf("%s: version %q, %d operations", name, d.Version(), len(d.Operations()))
		}
	}
}

func TestLoad(t *testing.T) {
	text := bare(t)
	file := filepath.Join(t.TempDir(), "contract.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/contract" {
			http.NotFound(w, r)
			return
		}
		w.Write(text)
	}))
	defer srv.Close()
	for _, source := range []string{file, srv.URL + "/contract", "-"} {
		d, err := spec.Load(context.Background(), source, bytes.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if d.Source() != source {
			t.Errorf("loaded from %q, named %q", source, d.Source())
		}
	}
	for source, says := range map[string]string{
		file + ".not":         "no such file",
		srv.URL + "/gone":     "404",
		"http://127.0.0.1:1/": "cannot be fetched",
		filepath.Dir(file):    "cannot be read",
	} {
		var e *spec.Error
		if _, err := spec.Load(context.Background(), source, nil); !errors.As(err, &e) || !strings.Contains(e.Reason, says) {
			t.Errorf("%s: %v, want %q", source, err, says)
		}
	}
}

func TestServerVariables(t *testing.T) {
	d, err := spec.Parse("c", []byte("openapi: 3.1.0\ninfo: {title: t, version: '1'}\nservers: [{url: 'https://{host}/{base}/', variables: {host: {default: example.com}, base: {default: v3}}}]\npaths: {'/a/{id}': {get: {responses: {200: {description: d}, default: {description: e}}}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d.BasePath() != "/v3" || d.Servers()[0] != "https://example.com/v3/" {
		t.Errorf("%q %q", d.BasePath(), d.Servers())
	}
	if op := d.Operations()[0]; op.ID != "get-a-id" || strings.Join(op.Statuses, " ") != "200 default" {
		t.Errorf("%+v", op)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(bare(f))
	page, err := os.ReadFile("create-manufacturer-device-connection.md")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page)
	f.Add([]byte(`{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"/"}],"paths":{"/a":{"get":{"responses":{"200":{"$ref":"#/paths"}}}}}}`))
	f.Add([]byte("openapi: 3.0.3\ninfo: &a {title: *a}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := spec.Parse("fuzz", data)
		if err != nil {
			var e *spec.Error
			if !errors.As(err, &e) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%T %q", err, err)
			}
			return
		}
		for _, op := range d.Operations() {
			if _, err := d.Clause(op.Pointer); err != nil {
				t.Fatalf("%s: %v", op.ID, err)
			}
		}
	})
}
