package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"nox.energy/contract/conformance"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/store"
	"nox.energy/contract/spec"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nox-conformance": main})
}

// TestScripts runs the program as its users do. Commands of the scripts' own:
//
//	mock [DEVIATION]…        serve a mock with these deviations, until the script
//	                         ends; its base URL is $BASE_URL, and its keys stand
//	                         in the variables that the program reads
//	port KIND                open a port that is no API: dead (nobody listens),
//	                         banner (another protocol), silent (never answers),
//	                         gateway (502 to everything), maintenance (503 for an
//	                         hour), warming (503 for two seconds, then 404); set
//	                         as mock does
//	serve FILE               serve a file over HTTP, at $FILE_URL
//	exits CODE PROGRAM ARG…  run it and expect that exit code
//	fails CODE PROGRAM ARG…  the same, with nothing on standard output and one
//	                         sentence on standard error
//	interrupted PROGRAM ARG… run it, send it SIGINT once it has sent requests to
//	                         the mock, and expect exit code 3
//	nokeys [FILE]…           expect that no key of the mock, nor a piece of one,
//	                         stands in standard output, standard error or a file,
//	                         however it is written
//
// $CONTRACT is the file of the embedded contract.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "../../testdata/scripts/nox-conformance",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			contract, err := filepath.Abs("../../spec/" + spec.EmbeddedName)
			env.Setenv("CONTRACT", contract)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"mock":        startMock,
			"port":        openPort,
			"serve":       serveFile,
			"exits":       exits,
			"fails":       fails,
			"interrupted": interrupted,
			"nokeys":      noKeys,
		},
	})
}

func startMock(ts *testscript.TestScript, _ bool, names []string) {
	key, other, disabled := scriptKeys()
	m, err := mock.New(mock.Config{Manufacturers: []store.Manufacturer{
		{Name: "one", Keys: []string{key}, Enabled: true},
		{Name: "two", Keys: []string{other}, Enabled: true},
		{Name: "six", Keys: []string{disabled}, Enabled: false},
	}})
	ts.Check(err)
	var h http.Handler = defect.WithNotEnabled(m, disabled)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	base := "http://" + l.Addr().String() + m.BasePath()
	for _, name := range names {
		d, err := defect.Find(name)
		ts.Check(err)
		h, l = d.Wrap(h), d.Listen(l)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = httpserve.Serve(ctx, httpserve.NewServer(counted(h)), l) // ends with the script
	}()
	ts.Defer(func() { stop(); <-stopped })
	setTarget(ts, base)
}

func setTarget(ts *testscript.TestScript, base string) {
	key, other, disabled := scriptKeys()
	ts.Setenv("BASE_URL", base)
	ts.Setenv("NOX_API_KEY", key)
	ts.Setenv("NOX_OTHER_API_KEY", other)
	ts.Setenv("NOX_DISABLED_API_KEY", disabled)
}

// countHeader asks a mock of these scripts how many requests it has had.
const countHeader = "X-Script-Count"

func counted(h http.Handler) http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(countHeader) != "" {
			fmt.Fprint(w, n.Load())
			return
		}
		n.Add(1)
		h.ServeHTTP(w, r)
	})
}

func openPort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	setTarget(ts, "http://"+l.Addr().String()+"/v2")
	ts.Defer(func() { l.Close() })
	switch args[0] {
	case "dead":
		ts.Check(l.Close())
	case "banner":
		go accept(l, func(c net.Conn) {
			fmt.Fprint(c, "SSH-2.0-server\r\n")
			c.Close()
		})
	case "silent":
		go accept(l, func(c net.Conn) { go io.Copy(io.Discard, c) })
	case "gateway":
		go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "bad gateway", http.StatusBadGateway)
		}))
	case "maintenance", "warming":
		after := map[string]string{"maintenance": "3600", "warming": "2"}[args[0]]
		var n atomic.Int64
		go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if args[0] == "warming" && n.Add(1) > 1 {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.Header().Set("Retry-After", after)
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
	default:
		ts.Fatalf("no port is of the kind %q", args[0])
	}
}

func accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		serve(c)
	}
}

func serveFile(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	go http.Serve(l, http.FileServer(http.Dir(ts.MkAbs("."))))
	ts.Setenv("FILE_URL", "http://"+l.Addr().String()+"/"+args[0])
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitCode(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("it did not run: %v", err)
	}
	if exit != nil {
		return exit.ExitCode()
	}
	return 0
}

func fails(ts *testscript.TestScript, neg bool, args []string) {
	exits(ts, neg, args)
	sentence, rest, _ := strings.Cut(ts.ReadFile("stderr"), "\n")
	if !strings.HasPrefix(sentence, "nox-conformance: ") || rest != "" && rest != "Try nox-conformance --help.\n" {
		ts.Fatalf("standard error is not one sentence: %q", ts.ReadFile("stderr"))
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output is not empty: %q", out)
	}
}

func interrupted(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command("env", args...) // which becomes the program, so that the signal reaches it
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "NOX_API_KEY", "NOX_OTHER_API_KEY", "NOX_DISABLED_API_KEY"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	for range 1000 {
		if requests(ts) >= 5 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Check(cmd.Process.Signal(os.Interrupt))
	if got := exitCode(ts, cmd.Wait()); got != conformance.ExitInconclusive {
		ts.Fatalf("exit code %d, want %d", got, conformance.ExitInconclusive)
	}
}

// requests asks the mock how many it has had.
func requests(ts *testscript.TestScript) int {
	req, err := http.NewRequest(http.MethodGet, ts.Getenv("BASE_URL"), nil)
	ts.Check(err)
	req.Header.Set(countHeader, "please")
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	ts.Check(err)
	n, err := strconv.Atoi(string(text))
	ts.Check(err)
	return n
}
