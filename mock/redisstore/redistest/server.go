// Package redistest runs a Redis or Valkey for tests.
package redistest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Programs are those that can be run: both speak the same protocol.
func Programs() []string { return []string{"redis-server", "valkey-server"} }

// Server is a server that runs on the loopback interface until the test ends.
type Server struct {
	// Folder is where it keeps everything, each change at once.
	Folder string
	// Password is what clients must present.
	Password string

	tb      testing.TB
	program string
	port    string
	more    []string // arguments
	command *exec.Cmd
	ended   chan struct{}
	said    bytes.Buffer
}

// StartCluster starts a server that is a Redis Cluster by itself: it refuses what
// would need two nodes.
func StartCluster(tb testing.TB, program string, required bool) *Server {
	tb.Helper()
	return start(tb, program, required, "--cluster-enabled", "yes", "--databases", "1")
}

// Start starts a server. If there is no such program the test is skipped; but
// one without redis-server fails if that is required.
func Start(tb testing.TB, program string, required bool) *Server {
	tb.Helper()
	return start(tb, program, required, "--databases", "16")
}

func start(tb testing.TB, program string, required bool, more ...string) *Server {
	tb.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if required && program == Programs()[0] {
			tb.Fatalf("there is no %s", program)
		}
		tb.Skipf("there is no %s", program)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	s := &Server{Folder: tb.TempDir(), Password: "canary-p%ss/word", tb: tb, program: program, port: port, more: more}
	s.Start()
	tb.Cleanup(s.Kill)
	return s
}

// Start starts the server again after [Server.Kill], with what it kept.
func (s *Server) Start() {
	s.tb.Helper()
	s.command = exec.Command(s.program, append([]string{"--port", s.port, "--bind", "127.0.0.1", "--dir", s.Folder, "--requirepass", s.Password,
		"--save", "", "--appendonly", "yes", "--appendfsync", "always"}, s.more...)...)
	s.command.Stdout, s.command.Stderr = &s.said, &s.said
	if err := s.command.Start(); err != nil {
		s.tb.Fatal(err)
	}
	command, ended := s.command, make(chan struct{})
	s.ended = ended
	go func() {
		_ = command.Wait() // as it is killed
		close(ended)
	}()
	for range 1000 {
		if s.answers() {
			s.takeSlots()
			return
		}
		select {
		case <-ended:
			s.tb.Fatalf("%s ended: %s", s.program, &s.said)
		case <-time.After(10 * time.Millisecond):
		}
	}
	s.tb.Fatalf("%s does not answer", s.program)
}

// answers tells whether the server has read what it kept.
func (s *Server) answers() bool { return s.ask("PING") == "+PONG" }

// takeSlots gives a server that is a cluster all keys to hold.
func (s *Server) takeSlots() {
	if !slices.Contains(s.more, "--cluster-enabled") {
		return
	}
	s.ask("CLUSTER ADDSLOTSRANGE 0 16383") // which it may have
	for range 1000 {
		if s.ask("SET ready 1") == "+OK" {
			s.ask("DEL ready")
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.tb.Fatalf("%s forms no cluster: %s", s.program, &s.said)
}

// Empty removes all keys.
func (s *Server) Empty() {
	if reply := s.ask("FLUSHALL"); reply != "+OK" {
		s.tb.Fatalf("FLUSHALL: %s", reply)
	}
}

// Keys is how many keys there are in a database.
func (s *Server) Keys(database int) string {
	return s.ask(fmt.Sprintf("SELECT %d\r\nDBSIZE", database))
}

// ask sends commands and returns the last line of what comes back, "" if
// nothing does.
func (s *Server) ask(commands string) string {
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", s.port))
	if err != nil {
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(c, "AUTH %s\r\n%s\r\nQUIT\r\n", s.Password, commands)
	reply, _ := io.ReadAll(c) // it may end as the server does
	lines := strings.Split(strings.TrimSpace(string(reply)), "\r\n")
	if len(lines) < 2 {
		return ""
	}
	return lines[len(lines)-2] // before that to QUIT
}

// Configure changes a setting of the running server.
func (s *Server) Configure(name, value string) {
	s.tb.Helper()
	if reply := s.ask(fmt.Sprintf("CONFIG SET %s %s", name, value)); reply != "+OK" {
		s.tb.Fatalf("CONFIG SET %s: %s", name, reply)
	}
}

// Kill ends the server at once. What it acknowledged is kept.
func (s *Server) Kill() {
	_ = s.command.Process.Kill() // it may have ended
	<-s.ended
}

// Address is that of one of its 16 databases, with the password.
func (s *Server) Address(database int) string {
	escaped := strings.NewReplacer("%", "%25", "/", "%2F").Replace(s.Password)
	return fmt.Sprintf("redis://:%s@127.0.0.1:%s/%d", escaped, s.port, database)
}
