module nox.energy/contract

go 1.26.0

require (
	github.com/agnivade/levenshtein v1.2.2 // names the flag, path or check that was probably meant
	github.com/andybalholm/brotli v1.3.0 // decodes responses in a coding that servers choose unasked
	github.com/dlclark/regexp2/v2 v2.13.0 // matches the patterns of schemas, which are of ECMA-262 and not of Go
	github.com/getkin/kin-openapi v0.153.0 // reads the contract for the mock
	github.com/go-json-experiment/json v1.27.2 // refuses what RFC 8259 leaves open, as a name that stands twice
	github.com/google/uuid v1.6.0 // makes NOX ids, derived from a user or random
	github.com/oasdiff/oasdiff v1.36.0 // says what differs between two contracts, and whom it breaks
	github.com/pb33f/go-yaml v0.1.1 // keeps the line of each clause in a contract
	github.com/pb33f/jsonschema/v6 v6.0.3 // holds values to the schemas of the contract, for the judge
	github.com/pb33f/libopenapi v0.42.4 // reads documents for libopenapi-validator; tests only
	github.com/pb33f/libopenapi-validator v0.16.2 // the third reader: the verdicts of the judge are compared with its; tests only
	github.com/redis/go-redis/v9 v9.23.0 // speaks to the store that several mocks share, a cluster included
	github.com/rogpeppe/go-internal v1.16.0 // runs the scripts that test both programs; tests only
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // judges formats of texts in requests, for the mock; kin-openapi needs it anyway
	github.com/spf13/cobra v1.10.2 // parses commands, and makes completions and manual pages
	github.com/spf13/pflag v1.1.0 // parses flags as POSIX and GNU write them
	golang.org/x/net v0.62.0 // writes the names of hosts in ASCII (IDNA); in tests frames of HTTP/2
	golang.org/x/term v0.47.0 // finds out whether and how wide a terminal is
	golang.org/x/text v0.43.0 // brings texts into the normal forms of Unicode
	golang.org/x/time v0.16.0 // keeps to a rate of requests, and slows the guessing of tokens
	pgregory.net/rapid v1.3.0 // makes inputs for property tests; tests only
)

require (
	cloud.google.com/go v0.123.0 // indirect
	github.com/TwiN/go-color v1.4.1 // indirect
	github.com/bahlo/generic-list-go v0.2.0 // indirect
	github.com/basgys/goxml2json v1.1.1-0.20231018121955-e66ee54ceaad // indirect
	github.com/buger/jsonparser v1.6.1 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/go-openapi/jsonpointer v1.0.2 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/pb33f/jsonpath v0.8.5 // indirect
	github.com/pb33f/ordered-map/v2 v2.3.2 // indirect
	github.com/tidwall/gjson v1.20.0 // indirect
	github.com/tidwall/match v1.2.0 // indirect
	github.com/tidwall/pretty v1.2.2 // indirect
	github.com/tidwall/sjson v1.2.5 // indirect
	github.com/wI2L/jsondiff v0.7.1 // indirect
	github.com/yargevad/filepathx v1.0.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	go.yaml.in/yaml/v4 v4.0.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
)
