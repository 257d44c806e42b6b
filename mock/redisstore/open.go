package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"nox.energy/contract/mock/store"
)

const (
	timeout     = 2 * time.Second  // of one step: a connection made, a request written, an answer read
	bulkTimeout = 30 * time.Second // of what may go over all connections
)

// Store is a [mock.Store] in Redis or Valkey.
type Store struct {
	client redis.UniversalClient // for what is done quickly
	bulk   redis.UniversalClient // the same, with more time
	pipe   *redis.AutoPipeliner  // the same, for requests: those that wait at one time are sent together

	cluster bool
	address string // for people
}

// Open returns the store at an address such as redis://:PASSWORD@HOST:PORT/DB,
// rediss://… for TLS, or unix://PATH?db=DB, once it answers. An error names
// neither user nor password; it wraps [mock.ErrUnavailable] if the address may
// be right.
func Open(ctx context.Context, address string) (*Store, error) {
	options, err := parse(address)
	if err != nil {
		return nil, err
	}
	redis.SetLogger(silence{}) // what matters comes back as an error
	client := redis.NewClient(options)
	s := &Store{client: client, bulk: client.WithTimeout(bulkTimeout), address: options.Addr}
	if err := client.Ping(ctx).Err(); err != nil {
		client.Close()
		return nil, fmt.Errorf("%s: %w", s.address, unavailable(err))
	}
	if info, err := client.Info(ctx, "cluster").Result(); err == nil && strings.Contains(info, "cluster_enabled:1") {
		client.Close()
		if options.DB != 0 {
			return nil, errors.New("a cluster has database 0 only")
		}
		s.cluster = true
		s.client, s.bulk = redis.NewClusterClient(inCluster(options, timeout)), redis.NewClusterClient(inCluster(options, bulkTimeout))
	}
	if s.pipe, err = pipeline(s.client); err != nil {
		s.client.Close()
		return nil, err
	}
	return s, nil
}

// inCluster returns options for all nodes of the cluster that one belongs to.
func inCluster(o *redis.Options, timeout time.Duration) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs: []string{o.Addr}, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig,
		DialTimeout: o.DialTimeout, ReadTimeout: timeout, WriteTimeout: timeout, PoolTimeout: timeout, ContextTimeoutEnabled: true,
		MaxRetries: o.MaxRetries, DialerRetries: o.DialerRetries, DisableIdentity: o.DisableIdentity, Protocol: o.Protocol,
	}
}

func pipeline(client redis.UniversalClient) (*redis.AutoPipeliner, error) {
	if cluster, is := client.(*redis.ClusterClient); is {
		return cluster.AutoPipeline()
	}
	return client.(*redis.Client).AutoPipeline()
}

var (
	errAddress = errors.New("the address must be as redis://:PASSWORD@HOST:PORT/DB, where a password has its special characters percent-encoded, or unix://PATH?db=DB")
	database   = regexp.MustCompile(`^/?[0-9]*$`)
)

// parse reads the address. Nothing else may stand in it: what looks as if it did
// may be a part of a password.
func parse(address string) (*redis.Options, error) {
	u, err := url.Parse(address)
	if err != nil { // whose words hold the address
		return nil, errAddress
	}
	switch u.Scheme {
	case "redis", "rediss":
		if u.Hostname() == "" || u.RawQuery != "" || !database.MatchString(u.Path) {
			return nil, errAddress
		}
	case "unix":
		if u.Host != "" || u.Path == "" || len(u.Query()) > 1 || len(u.Query()) == 1 && !u.Query().Has("db") {
			return nil, errAddress
		}
	default:
		return nil, errors.New("the address must start with redis://, rediss:// or unix://")
	}
	options, err := redis.ParseURL(address)
	if err != nil || u.Fragment != "" || u.Opaque != "" {
		return nil, errAddress
	}
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout, options.PoolTimeout = timeout, timeout, timeout, timeout
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1
	options.DialerRetries = 1
	options.DisableIdentity = true
	options.Protocol = 2 // which every server speaks
	return options, nil
}

// Address is where the store is, without user and password.
func (s *Store) Address() string { return s.address }

// Close closes the connections to the server.
func (s *Store) Close() error {
	err := errors.Join(s.pipe.Close(), s.client.Close())
	if s.cluster {
		err = errors.Join(err, s.bulk.Close()) // which has connections of its own
	}
	return err
}

// CheckWritable returns an error unless the server takes a write: one that is
// read-only, or out of memory, still answers reads. What is written ends by
// itself.
func (s *Store) CheckWritable(ctx context.Context) error {
	if err := s.client.Set(ctx, space+"probe", "", time.Second).Err(); err != nil {
		return unavailable(err)
	}
	return nil
}

// Evicts tells whether the server may drop keys when memory runs short, so that
// users would be forgotten. It is false where the server does not tell.
func (s *Store) Evicts(ctx context.Context) bool {
	info, err := s.client.Info(ctx, "memory").Result()
	if err != nil {
		return false
	}
	limited, policy := false, ""
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch name {
		case "maxmemory":
			limited = value != "0"
		case "maxmemory_policy":
			policy = value
		}
	}
	return limited && strings.HasPrefix(policy, "allkeys-")
}

// unavailable is an error of the client.
func unavailable(err error) error { return fmt.Errorf("%w: %w", store.ErrUnavailable, err) }

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
