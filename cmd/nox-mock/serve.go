package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"nox.energy/contract/cmd/internal/cli"
	"nox.energy/contract/mock"
	"nox.energy/contract/mock/control"
	"nox.energy/contract/mock/defect"
	"nox.energy/contract/mock/httpserve"
	"nox.energy/contract/mock/redisstore"
	"nox.energy/contract/mock/store"
)

// instance is a mock with its ports open.
type instance struct {
	mock       *mock.Mock
	config     mock.Config
	given      []store.Manufacturer // on the command line
	deviations []defect.Deviation
	base       string // the base URL
	state      string // file, "" for none
	unlock     func() // unlocks the state
	flushLog   func()
	kept       *store.File       // nil if there is no state file
	store      *redisstore.Store // nil without a shared store
	control    string            // base URL of the control API, "" if it is off
	identity   *identity         // nil without TLS
	servers    []listening
}

// listening is a server with its listener.
type listening struct {
	server   *http.Server
	listener net.Listener
}

// serve serves until ctx ends.
func serve(ctx context.Context, settings settings, stdin io.Reader, stdout, stderr io.Writer) error {
	s, err := open(ctx, settings, stdin, stderr)
	if err != nil {
		return err
	}
	defer s.close()
	remove, err := s.announce(settings.addressFile)
	if err != nil {
		return err
	}
	defer remove()
	if !settings.quiet {
		text, err := greeting(s)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(stdout, text); err != nil {
			return fmt.Errorf("standard output: %w", err)
		}
	}
	s.config.Logger.Info("started", "base_url", s.base, "control_url", s.control, "version", cli.Version())
	if err := s.run(ctx); err != nil {
		return err
	}
	s.config.Logger.Info("stopped")
	return nil
}

// announce writes the address file if name is not empty. remove deletes it.
func (s *instance) announce(name string) (remove func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	if err := writeAddress(name, s.base, s.control); err != nil {
		return nil, fmt.Errorf("the address file cannot be written: %w", err)
	}
	return func() { os.Remove(name) }, nil
}

// open prepares everything to serve, so that errors come before the start-up message.
func open(ctx context.Context, settings settings, stdin io.Reader, stderr io.Writer) (*instance, error) {
	if settings.state == "" && settings.fixture == "" {
		if settings.spec == "" { // there is little to collect yet, and little to keep
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
		}
		time.AfterFunc(time.Second, debug.FreeOSMemory) // what the start leaves is far less than it took
	}
	s := &instance{state: resolveLink(settings.state), unlock: func() {}, flushLog: func() {}}
	if err := s.prepare(ctx, settings, stdin, stderr); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *instance) prepare(ctx context.Context, settings settings, stdin io.Reader, stderr io.Writer) (err error) {
	if s.state != "" {
		if s.unlock, err = lockState(s.state); err != nil {
			return err
		}
	}
	if s.config, err = configure(ctx, settings, stdin); err != nil {
		return err
	}
	s.given = settings.manufacturers
	s.kept, _ = s.config.Store.(*store.File)
	if s.deviations, err = findDeviations(settings); err != nil {
		return err
	}
	log, flush := newLogger(settings, stderr)
	s.config.Logger, s.flushLog = log, flush
	if err = s.newMock(ctx, settings); err != nil {
		return err
	}
	if s.identity, err = newIdentity(settings, stderr); err != nil {
		return err
	}
	if err = s.checkDeviations(); err != nil {
		return err
	}
	if err = s.openMock(ctx, settings); err == nil {
		err = s.openControl(ctx, settings)
	}
	if err == nil {
		err = s.startState()
	}
	if err != nil {
		return err
	}
	for _, l := range s.servers {
		l.server.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	}
	return nil
}

// isReachable reports whether other machines may connect.
func isReachable(l net.Listener) bool {
	address, is := l.Addr().(*net.TCPAddr)
	return !is || !address.IP.IsLoopback()
}

// hasPublicKeys reports whether some manufacturer has a key that everybody knows.
func hasPublicKeys(all []store.Manufacturer) bool {
	return slices.ContainsFunc(all, func(m store.Manufacturer) bool {
		return slices.ContainsFunc(mock.DefaultManufacturers(), func(known store.Manufacturer) bool {
			return slices.ContainsFunc(known.Keys, func(key string) bool { return slices.Contains(m.Keys, key) })
		})
	})
}

func (s *instance) openMock(ctx context.Context, settings settings) error {
	l, err := listen(ctx, "listen", settings.listen, "127.0.0.1:4010")
	if err != nil {
		return err
	}
	if isReachable(l) && hasPublicKeys(s.config.Manufacturers) {
		s.config.Logger.Warn("other machines can reach this address, and the test keys are public: set keys of your own with --manufacturer NAME=KEY", "listen", l.Addr().String())
	}
	s.base = s.baseURL(l.Addr(), s.mock.BasePath())
	var served http.Handler = s.mock
	if len(settings.client.origins) > 0 {
		served = httpserve.AllowOrigins(s.mock, settings.client.origins)
	}
	h, l, plain := s.deviating(served, httpserve.LimitConnections(l, settings.maxConnections))
	if server := s.add(h, l); s.identity != nil {
		server.TLSConfig, err = s.identity.deviating(s.deviations)
	}
	if plain != nil {
		s.servers = append(s.servers, listening{httpserve.NewServer(h), plain})
	}
	return err
}

// add adds a server to those that run starts.
func (s *instance) add(h http.Handler, l net.Listener) *http.Server {
	server := httpserve.NewServer(h)
	if s.identity != nil {
		s.identity.serves(l.Addr())
		server.TLSConfig = s.identity.config
	}
	s.servers = append(s.servers, listening{server, l})
	return server
}

func (s *instance) openControl(ctx context.Context, settings settings) error {
	if settings.controlListen == "" || settings.controlListen == "off" {
		return nil
	}
	h, err := control.New(s.mock, control.Config{
		Token:   settings.controlToken,
		Hosts:   settings.controlHosts,
		Version: cli.Version(),
		BaseURL: s.base,
	})
	if err != nil {
		return err
	}
	if settings.controlListen == settings.listen && !strings.HasSuffix(settings.listen, ":0") {
		return badUsage("--listen and --control-listen are both %s; the mock and its control API need a port each", settings.listen)
	}
	l, err := listen(ctx, "control-listen", settings.controlListen, "127.0.0.1:4011, or off")
	if err != nil {
		return err
	}
	s.add(h, httpserve.LimitConnections(l, settings.maxConnections))
	if isReachable(l) {
		if settings.controlToken == "" {
			return badUsage("the control API on %s can be reached from other machines: set --control-token-file, or --control-listen off", l.Addr())
		}
		if err := checkTokenLength(settings.controlToken); err != nil {
			return err
		}
	}
	s.control = s.baseURL(l.Addr(), "")
	return nil
}

// run serves until ctx ends or a server fails, which stops the others.
func (s *instance) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, len(s.servers))
	for _, l := range s.servers {
		go func() { ended <- httpserve.Serve(ctx, l.server, l.listener) }()
	}
	var failed error
	for range s.servers {
		if err := <-ended; err != nil && !errors.Is(err, net.ErrClosed) { // two servers may share a listener
			failed = errors.Join(failed, fmt.Errorf("the server stopped: %w", err))
		}
		stop()
	}
	return failed
}

// close closes ports that are not in use, and unlocks the state.
func (s *instance) close() {
	defer s.flushLog()
	defer s.unlock()
	if s.store != nil {
		defer s.store.Close()
	}
	for _, l := range s.servers {
		l.listener.Close()
	}
	if s.kept != nil {
		if err := s.kept.Close(); err != nil {
			s.config.Logger.Error("the state cannot be saved", "error", err.Error())
		}
	}
}
