package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nox-mock": main})
}

// TestScripts runs the program as its users do. Commands of the scripts' own:
//
//	exits CODE PROGRAM ARG…     run it, expect that exit code
//	fails CODE PROGRAM ARG…     run it, expect that exit code and one line on
//	                            standard error, nothing on standard output
//	ready                       wait until address.json is there
//	call METHOD PATH KEY BODY   send a request; the answer becomes standard
//	                            output: the status, the body
//	control METHOD PATH BODY    the same, to the control API; header names and
//	                            values may follow
//	terminate                   SIGTERM to what runs in the background
//	occupy                      take a port and put its address into $BUSY
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/scripts/nox-mock",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"fails":     fails,
			"ready":     ready,
			"call":      call,
			"control":   control,
			"terminate": terminate,
			"occupy":    occupy,
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != want {
		ts.Fatalf("got %v, want exit code %d", err, want)
	}
}

func fails(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != want {
		ts.Fatalf("got %v, want exit code %d", err, want)
	}
	message := ts.ReadFile("stderr")
	if strings.Count(message, "\n") != 1 || !strings.HasPrefix(message, "nox-mock: ") {
		ts.Fatalf("standard error is not one sentence: %q", message)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output is not empty: %q", out)
	}
}

const addressFile = "address.json"

func ready(ts *testscript.TestScript, _ bool, _ []string) {
	for range 1000 {
		if _, err := os.Stat(ts.MkAbs(addressFile)); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("there is no %s", addressFile)
}

func call(ts *testscript.TestScript, _ bool, args []string) {
	more := args[4:]
	if args[2] != "" {
		more = append([]string{"x-api-key", args[2]}, more...)
	}
	send(ts, args[0], addresses(ts).BaseURL+args[1], args[3], more)
}

func control(ts *testscript.TestScript, _ bool, args []string) {
	send(ts, args[0], addresses(ts).ControlURL+args[1], args[2], args[3:])
}

type addressPair struct {
	BaseURL    string `json:"base_url"`
	ControlURL string `json:"control_url"`
}

func addresses(ts *testscript.TestScript) (pair addressPair) {
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(addressFile)), &pair))
	return pair
}

// send sends a request with pairs of header names and values.
func send(ts *testscript.TestScript, method, url, text string, headers []string) {
	var content io.Reader
	if text != "" {
		content = strings.NewReader(text)
	}
	req, err := http.NewRequest(method, url, content)
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		io.WriteString(ts.Stdout(), "no answer\n")
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	io.WriteString(ts.Stdout(), strconv.Itoa(resp.StatusCode)+" "+string(body)+"\n")
}

func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGTERM))
	}
}

func occupy(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("BUSY", l.Addr().String())
}
