// Command bench compares nox-mock with the least that net/http can do for the
// same contract. It builds nox-mock, starts both servers and lets them serve the
// same load in turns, so that whatever else the machine does weighs on both.
//
//	go run ./cmd/internal/bench            the comparison
//	go run ./cmd/internal/bench -curves F  throughput, p99 and memory against users, as SVG
//
// The load comes from a third process, which counts every wrong response.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		exit(serveBare())
	}
	if len(os.Args) > 1 && os.Args[1] == "load" {
		exit(load(os.Args[2:]))
	}
	exit(compare(os.Args[1:]))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// settings are the flags.
type settings struct {
	binary      string
	arguments   string
	rounds      int
	duration    time.Duration
	connections int
	curves      string
	users       int
}

func compare(args []string) error {
	var s settings
	f := flag.NewFlagSet("bench", flag.ExitOnError)
	f.StringVar(&s.binary, "mock", "", "measure this `PROGRAM` instead of building nox-mock")
	f.StringVar(&s.arguments, "args", "", "start nox-mock with these `ARGUMENTS`, separated by spaces")
	f.IntVar(&s.rounds, "rounds", 10, "let each server serve `N` times")
	f.DurationVar(&s.duration, "time", time.Second, "serve for this `DURATION` each time")
	f.IntVar(&s.connections, "connections", 32, "keep `N` connections open")
	f.StringVar(&s.curves, "curves", "", "write throughput, p99 and memory against the number of users to `FILE`, as SVG")
	f.IntVar(&s.users, "users", 2_000_000, "with -curves, go up to `N` users")
	if err := f.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if s.binary == "" {
		s.binary = filepath.Join(dir, "nox-mock")
		build := exec.Command("go", "build", "-o", s.binary, "./cmd/nox-mock")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("go build: %w", err)
		}
	}
	if s.curves != "" {
		return drawCurves(s, dir)
	}
	if err := printStart(s, dir); err != nil {
		return err
	}
	for _, users := range []string{"repeated", "new"} {
		if err := s.sideBySide(dir, users); err != nil {
			return err
		}
	}
	return nil
}

// sideBySide prints how the mock compares under one kind of load.
func (s settings) sideBySide(dir, users string) error {
	bare, err := startBare()
	if err != nil {
		return err
	}
	defer bare.stop()
	mock, err := startMock(s, dir)
	if err != nil {
		return err
	}
	defer mock.stop()
	began := mock.resident()
	var rate, cpu, p99 []float64
	var last [2]measured
	wrong := 0
	for round := range s.rounds + 1 {
		servers := []*server{bare, mock}
		if round%2 == 1 {
			slices.Reverse(servers)
		}
		var of [2]measured
		for _, server := range servers {
			m, err := s.measure(server, users, fmt.Sprintf("%s-%d", users, round))
			if err != nil {
				return err
			}
			wrong += m.Wrong
			if server == bare {
				of[0] = m
			} else {
				of[1] = m
			}
		}
		if round == 0 { // warms up
			continue
		}
		rate = append(rate, of[1].rate()/of[0].rate())
		cpu = append(cpu, of[0].cpu/of[1].cpu)
		p99 = append(p99, of[1].P99/of[0].P99)
		last = of
	}
	fmt.Printf("%s users: nox-mock serves %s of the requests per second of bare net/http, %s by processor time; p99 %s times as long\n",
		users, spread(rate), spread(cpu), spread(p99))
	fmt.Printf("  last round: %.0f/s and %.0f/s, %.1f µs and %.1f µs of processor time a request, p99 %.2f ms and %.2f ms; %.1f MB at start, %.1f MB after; %d wrong responses\n",
		last[0].rate(), last[1].rate(), last[0].cpu, last[1].cpu, last[0].P99, last[1].P99, began, mock.resident(), wrong)
	if wrong > 0 {
		return fmt.Errorf("%d wrong responses", wrong)
	}
	return nil
}

// spread is a median with its quartiles.
func spread(values []float64) string {
	slices.Sort(values)
	n := len(values)
	return fmt.Sprintf("%.3g (quartiles %.3g to %.3g)", values[n/2], values[n/4], values[n-1-n/4])
}

// measured is what one run of the load found.
type measured struct {
	Requests, Wrong int
	Seconds         float64
	P99             float64 // milliseconds
	cpu             float64 // microseconds of the server's processor time a request
}

func (m measured) rate() float64 { return float64(m.Requests) / m.Seconds }

func (s settings) measure(server *server, users, prefix string) (measured, error) {
	before := server.processorTime()
	own, err := os.Executable()
	if err != nil {
		return measured{}, err
	}
	c := exec.Command(own, "load", server.address, users, prefix, s.duration.String(), strconv.Itoa(s.connections))
	c.Env = append(os.Environ(), "GOMAXPROCS=1") // as one thread of wrk
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return measured{}, fmt.Errorf("load: %w", err)
	}
	var m measured
	if err := json.Unmarshal(out, &m); err != nil {
		return measured{}, err
	}
	m.cpu = (server.processorTime() - before).Seconds() * 1e6 / float64(max(m.Requests, 1))
	return m, nil
}

// server is a program that serves.
type server struct {
	process *exec.Cmd
	address string // HOST:PORT
}

func (s *server) stop() {
	_ = s.process.Process.Signal(os.Interrupt)
	_ = s.process.Wait()
}

func startBare() (*server, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(own, "serve")
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, err
	}
	return &server{c, strings.TrimSpace(line)}, nil
}

// startMock starts nox-mock as a user would whose log goes to a file.
func startMock(s settings, dir string) (*server, error) {
	name := filepath.Join(dir, "address.json")
	_ = os.Remove(name)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	c := exec.Command(s.binary, append([]string{"--listen", "127.0.0.1:0", "--address-file", name}, strings.Fields(s.arguments)...)...)
	c.Stderr = log
	if err := c.Start(); err != nil {
		return nil, err
	}
	for range 100_000 {
		data, err := os.ReadFile(name)
		if err == nil {
			var at struct {
				BaseURL string `json:"base_url"`
			}
			if err := json.Unmarshal(data, &at); err != nil {
				return nil, err
			}
			host, _, _ := strings.Cut(strings.TrimPrefix(at.BaseURL, "http://"), "/")
			return &server{c, host}, nil
		}
		time.Sleep(200 * time.Microsecond)
	}
	return nil, fmt.Errorf("%s did not start", s.binary)
}

// printStart says how long a start takes, and what it takes.
func printStart(s settings, dir string) error {
	var wall, cpu, resident []float64
	for range s.rounds {
		began := time.Now()
		mock, err := startMock(s, dir)
		if err != nil {
			return err
		}
		err = connectOnce(mock.address)
		wall = append(wall, float64(time.Since(began).Microseconds())/1000)
		cpu = append(cpu, float64(mock.processorTime().Microseconds())/1000)
		resident = append(resident, mock.resident())
		mock.stop()
		if err != nil {
			return err
		}
	}
	fmt.Printf("first 201: %s ms after exec, %s ms of processor time, %s MB resident\n", spread(wall), spread(cpu), spread(resident))
	return nil
}

// processorTime is what the server has used, in all threads.
func (s *server) processorTime() time.Duration {
	var total time.Duration
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.process.Process.Pid))
	for _, task := range tasks {
		data, err := os.ReadFile(task)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(data))
		n, _ := strconv.ParseInt(fields[0], 10, 64)
		total += time.Duration(n)
	}
	return total
}

// resident is the memory that the server holds, in MB.
func (s *server) resident() float64 {
	data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	_, rest, _ := bytes.Cut(data, []byte("VmRSS:"))
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseFloat(string(fields[0]), 64)
	return n / 1024
}

func writeJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }
