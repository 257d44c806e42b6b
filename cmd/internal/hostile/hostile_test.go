// Package hostile runs nox-conformance, as it is built, against servers that mean
// it harm. It holds tests only.
//
// Whatever a server does, the run ends in time and in bounded memory, never with
// exit code 0, and every report is written, well formed and without a key.
package hostile

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nox.energy/contract/cmd/internal/built"
	"nox.energy/contract/mock/mocktest"
)

const (
	// deadline is what each run is given, and timeout what each response is.
	deadline = 2 * time.Second
	timeout  = 500 * time.Millisecond
	// late is how long after its deadline a run may still take to judge, and to
	// write its reports.
	late = time.Second
	// most is what a run may take of memory.
	most = 256 << 20
	// atOnce is how many rows run side by side. Most of them wait.
	atOnce = 6
	// sampled is every how manieth row runs under -short.
	sampled = 12
	// watchEvery is how often the use of each is read, which takes time itself.
	watchEvery = 20 * time.Millisecond
	// patience bounds a run that hangs.
	patience = 30 * time.Second
)

// target is one hostile server, named after the one rule that it tries.
type target struct {
	name string
	// serve does what the server does with a connection.
	serve func(*conn)
	// ready, if set, prepares what takes time, before the run.
	ready func()
	// tls, if set, makes every connection one of TLS.
	tls *secured
	// at overrides the address, where nobody listens.
	at string
	// dial, if set, prepares such an address.
	dial func(*testing.T) string
	// args are added to the command line.
	args []string
	// all runs every check, as do the rows that [threats] names. Others run the
	// few of fewChecks: one response is enough to try them.
	all bool
}

// fewChecks have responses of each status, requests of each way to send them,
// and most of what is judged over a whole run.
const fewChecks = "minimal repeat echo-case resolve-other-connection chunked expect-continue content-type json schema no-internals no-key large-body user_id-number missing-key unknown-key nothing-behind answered unknown-path other-methods"

func targets() []target {
	all := slices.Concat(connections(), statusLines(), interim(), fields(), chunks(), codings(), documents(), frames(), handshakes(), paces(), mangled(), later())
	for i := range all {
		all[i].all = all[i].all || slices.ContainsFunc(threats(), func(word string) bool { return strings.Contains(all[i].name, word) })
	}
	return all
}

// threats are words in the names of rows that may take memory or time with every
// response, and so run every check.
func threats() []string {
	return []string{"bomb", "million", "without an end", "8 MiB", "mebibyte", "KiB", "never closed", "thousand deep", "window", "101", "in every response", "of what is refused", "to what is refused", "once the gate", "fifty", "every page"}
}

func TestHostile(t *testing.T) {
	all := targets()
	names := map[string]bool{}
	for _, each := range all {
		if names[each.name] {
			t.Errorf("two rows are named %q", each.name)
		}
		names[each.name] = true
	}
	if testing.Short() {
		var some []target
		for i := 0; i < len(all); i += sampled {
			some = append(some, all[i])
		}
		all = some
	}
	if only := os.Getenv("NOX_HOSTILE"); only != "" {
		all = slices.DeleteFunc(all, func(each target) bool { return !strings.Contains(each.name, only) })
	}
	limit := deadline
	if *update {
		limit *= 5 // for as many as can to end by themselves
	}
	attackAll(t, all, limit, func(*attacked) {})
}

// TestInterrupted ends runs that would go on for long by a signal. Each then ends
// within two seconds and writes what it has found.
func TestInterrupted(t *testing.T) {
	const long = time.Hour
	var chosen []target
	for _, each := range targets() {
		if slices.Contains([]string{
			"request read, nothing said", "101 to what is refused", "TLS: silence", "HTTP/2: silence", "HTTP/2: window of a stream overflows",
			"silence after fifty", "endless body of what is refused", "gzip bomb of a 400", "slow by 400 ms", "Retry-After a second, for ever",
			"100 now and then without end", "no length, byte by byte", "accepted, nothing read, nothing said", "JSON: a million keys",
		}, each.name) {
			each.args = append(slices.Clone(each.args), "--timeout", "10m", "--patience", "10m")
			chosen = append(chosen, each)
		}
	}
	attackAll(t, chosen, long, func(a *attacked) {
		for a.server.connections.Load() == 0 { // until it is under way
			select {
			case <-a.ended:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
		select {
		case <-a.ended: // not all last
			return
		case <-time.After(500 * time.Millisecond):
		}
		a.signalled = time.Now()
		_ = a.process.Signal(syscall.SIGTERM)
	})
}

// attackAll runs the program against targets, some at a time, and checks what
// became of each.
func attackAll(t *testing.T, all []target, limit time.Duration, during func(*attacked)) {
	t.Helper()
	bin := filepath.Join(built.Programs(t), "nox-conformance")
	backend := mocktest.NewServer(t)
	results := make([]outcome, len(all))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, each := range all {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] = attack(t, bin, backend, each, limit, during)
		})
	}
	wg.Wait()
	if *update && limit < time.Hour {
		writeTable(t, all, results)
	}
	for i, each := range all {
		t.Run(each.name, func(t *testing.T) { results[i].check(t, each) })
	}
}

// attacked is a run under way.
type attacked struct {
	process   *os.Process
	server    *server
	ended     chan struct{}
	signalled time.Time // when it was told to end, zero if it was not
}

// outcome is what one run came to.
type outcome struct {
	err      error
	code     int
	took     time.Duration // since it began, or since it was told to end
	limit    time.Duration // for that
	demand   bool          // it must be as the table says
	memory   int64         // at its height
	stood    time.Duration // in the queue of the processors, all threads taken together
	out      string
	problems []string
}

// attack runs the program against a target.
func attack(t *testing.T, bin string, backend *mocktest.Server, each target, limit time.Duration, during func(*attacked)) outcome {
	address, state := each.at, &server{backend: backend, done: make(chan struct{})}
	if each.dial != nil {
		address = each.dial(t)
	}
	if address == "" {
		address = listen(t, state, each)
	}
	if each.ready != nil {
		each.ready()
	}
	dir := t.TempDir()
	args := []string{"--deadline", limit.String(), "--timeout", timeout.String(), "--patience", "1s", "--output", "text"}
	formats := []string{"json", "junit", "html", "sarif", "markdown", "gitlab", "har"}
	for _, format := range formats {
		args = append(args, "--report", format+"="+filepath.Join(dir, format))
	}
	scheme := "http"
	if each.tls != nil {
		scheme = "https"
		args = append(args, each.tls.trust(t, dir)...)
	}
	if !each.all {
		for name := range strings.FieldsSeq(fewChecks) {
			args = append(args, "--run", "*/*/"+name)
		}
	}
	args = append(append(args, each.args...), scheme+"://"+address+"/v2")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), "NOX_API_KEY="+backend.APIKey, "NOX_OTHER_API_KEY="+backend.OtherAPIKey, "NOX_DISABLED_API_KEY="+backend.DisabledAPIKey, "NO_PROXY=*")
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return outcome{err: err}
	}
	watched := watch(cmd.Process.Pid)
	run := &attacked{process: cmd.Process, server: state, ended: make(chan struct{})}
	told := make(chan struct{})
	go func() { defer close(told); during(run) }()
	err := cmd.Wait()
	over := time.Now()
	close(run.ended)
	<-told
	memory, stood := watched()
	o := outcome{took: over.Sub(started), limit: limit + late, demand: true, memory: memory, stood: stood, code: cmd.ProcessState.ExitCode(), out: out.String()}
	if !run.signalled.IsZero() {
		o.took, o.limit, o.demand = over.Sub(run.signalled), 2*time.Second, false
	}
	var exit *exec.ExitError
	if ctx.Err() != nil {
		o.err = fmt.Errorf("it was still running after %s", patience)
	} else if err != nil && !errors.As(err, &exit) {
		o.err = err
	}
	texts := map[string][]byte{"what it prints": out.Bytes()}
	for _, format := range formats {
		text, err := os.ReadFile(filepath.Join(dir, format))
		if err == nil {
			err = wellFormed(format, text)
		}
		if err != nil {
			o.problems = append(o.problems, fmt.Sprintf("the report %s: %v", format, err))
		}
		texts["the report "+format] = text
	}
	for where, text := range texts {
		for _, key := range []string{backend.APIKey, backend.OtherAPIKey, backend.DisabledAPIKey} {
			for _, form := range []string{key, base64.StdEncoding.EncodeToString([]byte(key)), hex.EncodeToString([]byte(key))} {
				if bytes.Contains(text, []byte(form)) {
					o.problems = append(o.problems, "a key stands in "+where)
				}
			}
		}
	}
	return o
}

// ranOut is what the program says where its deadline was too short for all checks.
const ranOut = "at its deadline"

// check holds a run to what the table demands, where the run had the time for
// that, and to its bounds.
func (o outcome) check(t *testing.T, each target) {
	t.Logf("exit code %d after %s (%s of them for want of a processor), %d MB; %s", o.code, o.took.Round(time.Millisecond), o.stood.Round(time.Millisecond), o.memory>>20, lastLine(o.out))
	if o.err != nil {
		t.Fatal(o.err)
	}
	if o.code != 1 && o.code != 3 {
		t.Errorf("exit code %d", o.code)
	}
	want, known := demands()[each.name]
	switch {
	case *update:
	case !known:
		t.Errorf("%s has no line for it", table)
	case o.demand && !strings.Contains(o.out, ranOut):
		if !slices.Contains(want.codes, o.code) {
			t.Errorf("exit code %d, want %d", o.code, want.codes)
		}
		if !strings.Contains(flat(o.out), want.says) {
			t.Errorf("it does not say %q", want.says)
		}
	}
	if o.took-o.stood > o.limit {
		t.Errorf("it took %s, which should be at most %s", o.took, o.limit)
	}
	if o.memory > most {
		t.Errorf("it took %d MB of memory", o.memory>>20)
	}
	for _, p := range o.problems {
		t.Error(p)
	}
	if t.Failed() {
		t.Logf("it printed:\n%s", shortened(o.out))
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func shortened(text string) string {
	const enough = 4 << 10
	if len(text) <= enough {
		return text
	}
	return text[:enough/2] + "\n…\n" + text[len(text)-enough/2:]
}

// watch reads what a process uses until it ends: its memory at its height, for
// that which the system tells of a dead child includes the parent's own, and how
// long its threads stood ready and had no processor.
func watch(pid int) (ended func() (memory int64, stood time.Duration)) {
	var memory int64
	stands := map[string]time.Duration{}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			memory = max(memory, highWater(pid))
			queued(pid, stands)
			select {
			case <-stop:
				return
			case <-time.After(watchEvery):
			}
		}
	}()
	return func() (int64, time.Duration) {
		close(stop)
		<-stopped
		var stood time.Duration
		for _, each := range stands {
			stood += each
		}
		return memory, stood
	}
}

// highWater is what a process had of memory at its height, 0 where the system
// does not tell.
func highWater(pid int) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(rest, " kB")
	kilobytes, _ := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
	return kilobytes << 10
}

// queued notes how long each thread of a process has waited for a processor.
func queued(pid int, stands map[string]time.Duration) {
	tasks := fmt.Sprintf("/proc/%d/task/", pid)
	threads, _ := os.ReadDir(tasks)
	for _, thread := range threads {
		text, _ := os.ReadFile(tasks + thread.Name() + "/schedstat")
		if words := strings.Fields(string(text)); len(words) > 1 { // it ran, it waited
			waited, _ := strconv.ParseInt(words[1], 10, 64)
			stands[thread.Name()] = time.Duration(waited)
		}
	}
}

func wellFormed(format string, text []byte) error {
	switch format {
	case "json", "sarif", "gitlab", "har":
		if !json.Valid(text) {
			return errors.New("it is not JSON")
		}
	case "junit":
		for d := xml.NewDecoder(bytes.NewReader(text)); ; {
			if _, err := d.Token(); err != nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
		}
	case "html":
		if !bytes.HasSuffix(bytes.TrimSpace(text), []byte("</html>")) {
			return errors.New("it is not whole")
		}
	}
	if len(text) == 0 {
		return errors.New("it is empty")
	}
	return nil
}

// listen starts a target, which ends with the test.
func listen(t *testing.T, state *server, each target) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	t.Cleanup(func() { close(state.done) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			state.connections.Add(1)
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(patience)) // whatever the program does
				if each.tls != nil {
					c = each.tls.server(c)
				}
				if c != nil {
					each.serve(newConn(state, c))
				}
			}()
		}
	}()
	return l.Addr().String()
}
