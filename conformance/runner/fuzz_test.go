package runner_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"nox.energy/contract/conformance"
	"nox.energy/contract/conformance/runner"
	"nox.energy/contract/spec"
)

// FuzzHAR judges recordings of any bytes. One that cannot be read is a usage
// error.
func FuzzHAR(f *testing.F) {
	const entry = `{"startedDateTime":"2026-01-01T00:00:00Z","time":1,"request":{"method":"POST","url":"http://h/v2/manufacturer/device-connections","httpVersion":"HTTP/1.1",` +
		`"headers":[{"name":"x-api-key","value":"k"},{"name":"Content-Type","value":"application/json"}],"postData":{"mimeType":"application/json","text":"{\"user_id\":\"a\"}"}},` +
		`"response":{"status":201,"httpVersion":"h2","headers":[{"name":"Content-Type","value":"application/json"}],"content":{"size":50,"mimeType":"application/json","text":"{\"manufacturer_user_id\":\"a\",\"nox_user_id\":\"b\"}"}}}`
	for _, text := range []string{
		``, `{}`, `{"log":{"entries":[]}}`, `{"log":{"creator":{"name":"c"},"entries":[` + entry + `,` + entry + `]}}`,
		`{"log":{"entries":[null,{},{"request":{},"response":{"status":-1}}]}}`,
		`{"log":{"entries":[{"request":{"method":"POST","url":"%"},"response":{"content":{"encoding":"base64","text":"?"}}}]}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		recording, err := runner.ReadHAR(bytes.NewReader(text), "traffic.har")
		if err == nil {
			_, err = runner.JudgeHAR(context.Background(), conformance.Config{}, recording)
		}
		var usage *conformance.UsageError
		if err != nil && !errors.As(err, &usage) {
			t.Errorf("%T: %v", err, err)
		}
	})
}

// FuzzKnown reads lists of known failures of any bytes. What is read is written
// as it was.
func FuzzKnown(f *testing.F) {
	for _, text := range []string{
		``, `{"known":[]}`, `[]`, `{"known":[{"id":"a","reason":"b","expires":"2999-12-31","intermittent":true,"owner":"c","more":{"d":[1]}}]}`,
		`{"known":[{"id":"a","id":"b"}]}`, `{"known":[{"id":"a","reason":"b","expires":"tomorrow"}]}`, `{"known":{}}`, `{"known":[{"id":"\ud800"}]} x`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		known, err := conformance.ReadKnown(bytes.NewReader(text), "known.json")
		if err != nil {
			var usage *conformance.UsageError
			if !errors.As(err, &usage) {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		var b bytes.Buffer
		if err := conformance.WriteKnown(&b, known); err != nil {
			t.Fatal(err)
		}
		again, err := conformance.ReadKnown(bytes.NewReader(b.Bytes()), "known.json")
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, b.Bytes())
		}
		var twice bytes.Buffer
		if err := conformance.WriteKnown(&twice, again); err != nil || len(known) != len(again) || !bytes.Equal(b.Bytes(), twice.Bytes()) {
			t.Errorf("%s became %s, %v", b.Bytes(), twice.Bytes(), err)
		}
	})
}

// FuzzContract makes a catalogue of a contract of any bytes. What is wrong with
// one is a [*spec.Error].
func FuzzContract(f *testing.F) {
	embedded, err := spec.Embedded()
	if err != nil {
		f.Fatal(err)
	}
	const start = `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"servers":[{"url":"/v1"}],"paths":{"/a/{b}":{"post":{"operationId":"c","parameters":[{"name":"b","in":"path","required":true,"schema":{"type":"string"}}],` +
		`"requestBody":{"required":true,"content":{"application/json":{"schema":`
	const end = `}}},"responses":{"201":{"description":"d","content":{"application/json":{"schema":{"type":"object"}}}},"400":{"description":"e"}}}}}}`
	f.Add(embedded.Bytes())
	for _, schema := range []string{
		`{"type":"object","required":["x"],"properties":{"x":{"type":"integer","minimum":3,"maximum":2}}}`,
		`{"type":"array","minItems":100000,"items":{"type":"string","minLength":100000}}`,
		`{"type":"string","pattern":"(a?){30}a{30}[^\\s\\S]","maxLength":3}`,
		`{"allOf":[{"$ref":"#/paths/~1a~1{b}/post/requestBody/content/application~1json/schema"}]}`,
		`{"oneOf":[{"not":{}},{"enum":[1e999,null,[]]}],"nullable":true}`,
	} {
		f.Add([]byte(start + schema + end))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := spec.Parse("contract.json", text)
		if err == nil {
			_, err = runner.Catalogue(doc)
		}
		var wrong *spec.Error
		if err != nil && !errors.As(err, &wrong) {
			t.Errorf("%T: %v", err, err)
		}
	})
}
