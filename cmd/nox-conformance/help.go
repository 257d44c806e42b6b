package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

const helpHead = `nox-conformance judges whether a server keeps the contract of the NOX
manufacturer API, or of any OpenAPI 3 document.

  NOX_API_KEY=… nox-conformance http://127.0.0.1:4010/v2
                           judge a server, by its base URL
  nox-conformance --provoke 500='Prefer: code=500' --require 201,400,401,500 URL
                           … its 500 too, and fail unless all four were seen
  nox-conformance --report junit=report.xml --report html=report.html URL
                           … and write reports
  nox-conformance --run '**/401/*' URL
                           … only the checks of the 401
  nox-conformance --har traffic.har
                           judge recorded traffic, a browser's or a proxy's; nothing is sent
  nox-conformance --self-test
                           start the built-in mock and judge it; nothing else is needed
  nox-conformance --list   print the catalogue of checks
  nox-conformance --explain 401/missing-key
  nox-conformance replay report.json
                           perform what failed in a JSON report again; see replay --help
  nox-conformance diff old.json new.json
                           what broke, was fixed and is new between two JSON reports

Keys come from the environment or a file, never from a flag's value:
  NOX_API_KEY              of an enabled manufacturer
  NOX_OTHER_API_KEY        of another one, to see that they are kept apart
  NOX_DISABLED_API_KEY     of one that is not enabled

Exit codes: 0 conforms · 1 a check that counts failed · 2 usage, contract or
configuration · 3 the run could not be done or decided nothing

Flags:
`

func printHelp(w io.Writer, head string, flags *pflag.FlagSet) {
	const choice = "[=true|false]" // what the library puts behind a flag that is given or not
	usages := strings.ReplaceAll(flags.FlagUsagesWrapped(100), choice, strings.Repeat(" ", len(choice)))
	fmt.Fprint(w, head, strings.TrimRight(usages, "\n"), "\n")
}
