package spec_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nox.energy/contract/spec"
)

// split is a contract over files, as people write them: references where OpenAPI has
// them and where it has none, to whole files and into them, back and in circles.
var split = map[string]string{
	"api/openapi.yaml": `openapi: 3.1.0
info: {title: Split, version: "1"}
servers: [{url: /v1}]
paths:
  $ref: paths/index.yaml
components:
  parameters:
    limit: {name: limit, in: query, schema: {type: integer, example: {$ref: schemas/pet.yaml}}}
  schemas:
    Pet: {$ref: schemas/pet.yaml}
    Unused: {$ref: schemas/none.yaml}
`,
	"api/paths/index.yaml": `/pets:
  get:
    $ref: "list pets.yaml"
/pets/{id}:
  $ref: pet.yaml
`,
	"api/paths/list pets.yaml": `operationId: list
parameters:
  - $ref: "../openapi.yaml#/components/parameters/limit"
responses:
  "200":
    description: all
    content:
      application/json:
        schema: {type: array, items: {$ref: "../schemas/pet.yaml"}}
  default: {$ref: "../../shared/errors.yaml#/responses/Any"}
`,
	"api/paths/pet.yaml": `get:
  operationId: read
  responses:
    "200":
      description: one
      content:
        application/json:
          schema:
            oneOf: [{$ref: "../schemas/pet.yaml"}, {$ref: "../schemas/more.json#/$defs/Plant"}]
            discriminator: {propertyName: kind, mapping: {pet: ../schemas/pet.yaml, plant: "../schemas/more.json#/$defs/Plant"}}
`,
	"api/schemas/pet.yaml": `type: object
required: [kind]
properties:
  kind: {const: pet}
  friend: {$ref: pet.yaml}
  odd: {type: string, minLength: 3, maxLength: 2}
`,
	"api/schemas/more.json": `{"$defs": {"Plant": {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "plant"}, "eaten": {"$ref": "#/$defs/Eaten"}}},
"Eaten": {"type": "boolean"}}}`,
	"shared/errors.yaml": `responses:
  Any:
    description: an error
    content:
      application/json: {schema: {type: object}}
`,
}

func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSplitContract(t *testing.T) {
	dir := writeFiles(t, split)
	t.Chdir(dir)
	for _, source := range []string{"api/openapi.yaml", serveFiles(t, dir) + "/api/openapi.yaml"} {
		d, err := spec.Load(t.Context(), source, nil)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, o := range d.Operations() {
			ids = append(ids, o.ID)
		}
		if !slices.Equal(ids, []string{"list", "read"}) {
			t.Errorf("%s: the operations are %v", source, ids)
		}
		lines, contradictions := d.Lint()
		at := strings.Replace(source, "openapi.yaml", "schemas/pet.yaml", 1) + ":6: contradiction: minLength is greater than maxLength"
		if contradictions != 1 || !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, at) }) {
			t.Errorf("%s: %d contradictions among %q, and not %q", source, contradictions, lines, at)
		}
		c, err := d.Clause("/paths/~1pets~1{id}/get/responses/200/description")
		if err != nil || c.Line != 5 || c.Quote != "description: one" {
			t.Errorf("%s: a clause in another file is %+v, %v; its line is that of the reference which leads there", source, c, err)
		}
		// What is shown to others is one document, with the same meaning.
		alone, err := spec.Parse("alone.yaml", d.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if string(alone.Normal()) != string(d.Normal()) || !strings.Contains(string(d.Normal()), `"Plant"`) {
			t.Errorf("%s: put together, it reads as %s, and by its files as %s", source, alone.Normal(), d.Normal())
		}
		with, err := d.WithServerVariables(nil)
		if err != nil || with.SHA256() != d.SHA256() {
			t.Errorf("%s: with other variables it is another contract: %v", source, err)
		}
	}
}

func serveFiles(t *testing.T, dir string) string {
	srv := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestSplitContractThatCannotBeRead(t *testing.T) {
	const head = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /a:\n    $ref: "
	var bomb strings.Builder
	bomb.WriteString("x-a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n")
	for c := 'b'; c < 'k'; c++ {
		fmt.Fprintf(&bomb, "x-%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 9), ", "))
	}
	for name, c := range map[string]struct {
		ref, file, text string
		want            string
	}{
		"no such file":         {"none.yaml", "", "", `api.yaml:5: the reference "none.yaml" leads nowhere: no such file or directory`},
		"nothing there":        {"'a.yaml#/b'", "a.yaml", "c: {}", `api.yaml:5: the reference "a.yaml#/b" leads nowhere`},
		"outside":              {"../../../../../../etc/hostname", "", "", "outside the folder of the contract and the working directory"},
		"a root of its own":    {"/etc/hostname", "", "", "leaves the document"},
		"another host":         {"'https://127.0.0.1:9/a.yaml'", "", "", "leaves the document"},
		"a folder":             {"sub", "sub/a.yaml", "get: {}", "leads nowhere: it is no file"},
		"a pipe":               {"pipe", "", "", "leads nowhere: it is no file"},
		"no YAML":              {"a.yaml", "a.yaml", "get:\n  - }", "a.yaml:2: not YAML or JSON"},
		"nothing":              {"a.yaml", "a.yaml", "# nothing", "a.yaml is empty"},
		"fault in a file":      {"a.yaml", "a.yaml", "get:\n  responses: {'200': {$ref: '#/none'}}", `a.yaml:2: the reference "#/none" leads nowhere`},
		"circle":               {"a.yaml", "a.yaml", "$ref: b.yaml", "these references lead in a circle"},
		"bomb in another file": {"a.yaml", "a.yaml", bomb.String(), "a.yaml:6: aliases make this document too large"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := writeFiles(t, map[string]string{"api.yaml": head + c.ref + "\n", "b.yaml": "$ref: a.yaml\n"})
			if c.file != "" {
				os.MkdirAll(filepath.Dir(filepath.Join(dir, c.file)), 0o755)
				if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := exec.Command("mkfifo", filepath.Join(dir, "pipe")).Run(); err != nil && c.ref == "pipe" {
				t.Skip(err)
			}
			_, err := spec.Load(context.Background(), filepath.Join(dir, "api.yaml"), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}
