package redisstore

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"nox.energy/contract/mock/store"
)

const (
	space    = "nox-mock:2:"
	pageSize = 200 // connections that are read at one time
)

// maxPut is how many connections can be put at one time: what one script takes.
const maxPut = 100_000

// keys are those of a manufacturer, as the scripts have them: users, ids, order,
// all, last. What stands in braces decides on which node of a cluster they are. It
// is never empty, and ends with the first brace of the name, for all of them.
func keys(manufacturer string) []string {
	own := space + "{m:" + manufacturer + "}:"
	return []string{own + "users", own + "ids", own + "order", own + "all", own + "last"}
}

//go:embed connect.lua
var connectScript string

//go:embed put.lua
var putScript string

//go:embed list.lua
var listScript string

//go:embed clear.lua
var clearScript string

// run runs a script. The server knows it by its digest from the second time on.
func run(ctx context.Context, client redis.Scripter, script string, keys []string, args ...any) ([]any, error) {
	reply, err := redis.NewScript(script).Run(ctx, client, keys, args...).Slice()
	if err != nil {
		return nil, unavailable(err)
	}
	return reply, nil
}

// Connect implements [mock.Store].
func (s *Store) Connect(ctx context.Context, manufacturer, userID, noxUserID string, at time.Time) (store.Connection, bool, error) {
	reply, err := run(ctx, s.pipe, connectScript, keys(manufacturer), userID, noxUserID, written(at))
	if err != nil {
		return store.Connection{}, false, err
	}
	if len(reply) == 1 {
		return store.Connection{}, false, store.TakenError(0, store.Connection{Manufacturer: manufacturer, UserID: userID, NoxUserID: noxUserID}, text(reply[0]))
	}
	c, err := readConnection(manufacturer, reply[1:])
	return c, reply[0] == int64(1), err
}

// Put implements [mock.Store]. It takes no more than 100,000 connections.
func (s *Store) Put(ctx context.Context, connections ...store.Connection) error {
	switch n := len(connections); {
	case n == 0:
		return nil
	case n > maxPut:
		return fmt.Errorf("%d connections are too many for one step; a store in Redis takes %d", n, maxPut)
	}
	if !s.cluster {
		return s.put(ctx, "put", connections, nil)
	}
	// One script sees one node. All look first, so that nothing is put if anything
	// contradicts, unless somebody else puts it in between.
	groups := map[string][]int{}
	var names []string
	for i, c := range connections {
		if groups[c.Manufacturer] == nil {
			names = append(names, c.Manufacturer)
		}
		groups[c.Manufacturer] = append(groups[c.Manufacturer], i)
	}
	var first error
	index := len(connections)
	for _, name := range names {
		err := s.put(ctx, "look", connections, groups[name])
		conflict := (*store.ConflictError)(nil)
		if err != nil && !errors.As(err, &conflict) {
			return err
		}
		if err != nil && conflict.Index < index {
			first, index = err, conflict.Index
		}
	}
	for _, name := range names {
		if first == nil {
			first = s.put(ctx, "put", connections, groups[name])
		}
	}
	return first
}

// put puts the connections at some places of a list, or all of them, or only looks
// whether it could.
func (s *Store) put(ctx context.Context, mode string, connections []store.Connection, places []int) error {
	if places == nil {
		for i := range connections {
			places = append(places, i)
		}
	}
	all, args := []string{}, []any{mode}
	at := map[string]int{} // where the keys of a manufacturer begin
	for _, i := range places {
		c := connections[i]
		if _, has := at[c.Manufacturer]; !has {
			at[c.Manufacturer] = len(all)
			all = append(all, keys(c.Manufacturer)...)
		}
		args = append(args, at[c.Manufacturer], c.UserID, c.NoxUserID, written(c.FirstAsked), written(c.LastAsked), c.TimesAsked)
	}
	reply, err := run(ctx, s.bulk, putScript, all, args...)
	if err != nil || len(reply) == 0 {
		return err
	}
	number, _ := reply[0].(int64)
	index := places[number]
	detail := fmt.Sprint(reply[2])
	switch c := connections[index]; reply[1] {
	case "twice":
		return store.TwiceError(index, c)
	case "known":
		return store.KnownError(index, c, detail)
	default:
		return store.TakenError(index, c, detail)
	}
}

// List implements [mock.Store].
func (s *Store) List(ctx context.Context, manufacturer, search, cursor string, limit int) ([]store.Connection, string, error) {
	after := int64(0)
	if cursor != "" {
		n, err := strconv.ParseInt(cursor, 10, 53)
		if err != nil || n < 1 {
			return nil, "", store.ErrCursor
		}
		after = n
	}
	page, last := []store.Connection{}, int64(0)
	search = strings.ToLower(search)
	for {
		count := pageSize
		if search == "" {
			count = min(count, limit-len(page)+1)
		}
		batch, err := s.batch(ctx, manufacturer, after, count)
		if err != nil {
			return nil, "", err
		}
		for _, n := range batch {
			after = n.number
			if !n.Matches(search) {
				continue
			}
			if len(page) == limit {
				return page, strconv.FormatInt(last, 10), nil
			}
			page, last = append(page, n.Connection), n.number
		}
		if len(batch) < count {
			return page, "", nil
		}
	}
}

// numbered is a connection with its place in the order.
type numbered struct {
	store.Connection
	number int64
}

// batch returns at most count connections after a number.
func (s *Store) batch(ctx context.Context, manufacturer string, after int64, count int) ([]numbered, error) {
	reply, err := run(ctx, s.pipe, listScript, keys(manufacturer), after, count)
	if err != nil {
		return nil, err
	}
	var all []numbered
	for _, each := range reply {
		fields, _ := each.([]any)
		if len(fields) != 6 {
			return nil, errDamaged
		}
		number, err := strconv.ParseInt(text(fields[0]), 10, 64)
		if err != nil {
			return nil, errDamaged
		}
		c, err := readConnection(manufacturer, fields[1:])
		if err != nil {
			return nil, err
		}
		all = append(all, numbered{c, number})
	}
	return all, nil
}

// Count implements [mock.Store].
func (s *Store) Count(ctx context.Context, manufacturer string) (int, error) {
	n, err := s.client.HLen(ctx, keys(manufacturer)[0]).Result()
	if err != nil {
		return 0, unavailable(err)
	}
	return int(n), nil
}

// Clear implements [mock.Store].
func (s *Store) Clear(ctx context.Context, manufacturer string) (int, error) {
	reply, err := run(ctx, s.bulk, clearScript, keys(manufacturer))
	if err != nil {
		return 0, err
	}
	n, _ := reply[0].(int64)
	return int(n), nil
}
