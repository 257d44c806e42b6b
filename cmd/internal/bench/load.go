package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const testKey = "acme-test-key-5c1d0a" // of the mock's first manufacturer

// load sends requests over connections that stay open, one after the other on
// each, and prints what it measured. It parses no more than it needs to know
// whether a response is right.
func load(args []string) error {
	if len(args) != 5 {
		return errors.New("usage: load ADDRESS repeated|new PREFIX DURATION CONNECTIONS")
	}
	duration, err := time.ParseDuration(args[3])
	if err != nil {
		return err
	}
	connections, err := strconv.Atoi(args[4])
	if err != nil {
		return err
	}
	clients := make([]*client, connections)
	for i := range clients {
		c, err := net.Dial("tcp", args[0])
		if err != nil {
			return err
		}
		defer c.Close()
		clients[i] = &client{conn: c, in: bufio.NewReader(c), prefix: fmt.Sprintf("%s-%d-", args[2], i), fresh: args[1] == "new"}
	}
	var done sync.WaitGroup
	began := time.Now()
	for _, c := range clients {
		done.Go(func() { c.run(began.Add(duration)) })
	}
	done.Wait()
	m := measured{Seconds: time.Since(began).Seconds()}
	var took []time.Duration
	first := ""
	for _, c := range clients {
		if c.failed != nil {
			return c.failed
		}
		m.Requests += len(c.took)
		m.Wrong += c.wrong
		took = append(took, c.took...)
		if first == "" {
			first = c.noxUserID
		}
		if c.noxUserID != first { // of the one user
			m.Wrong++
		}
	}
	slices.Sort(took)
	if len(took) > 0 {
		m.P99 = float64(took[len(took)*99/100].Microseconds()) / 1000
	}
	return writeJSON(os.Stdout, m)
}

// client is one connection.
type client struct {
	conn      net.Conn
	in        *bufio.Reader
	prefix    string
	fresh     bool // a new user each time
	sent      int
	noxUserID string // of the repeated user
	took      []time.Duration
	wrong     int
	failed    error
}

func (c *client) run(end time.Time) {
	for now := time.Now(); now.Before(end); {
		userID := "customer-7"
		if c.fresh {
			userID = c.prefix + strconv.Itoa(c.sent)
		}
		c.sent++
		if _, err := c.conn.Write(request(userID)); err != nil {
			c.failed = err
			return
		}
		status, body, err := c.response()
		if err != nil {
			c.failed = err
			return
		}
		after := time.Now()
		c.took = append(c.took, after.Sub(now))
		now = after
		if !c.right(userID, status, body) {
			c.wrong++
		}
	}
}

func request(userID string) []byte {
	body := `{"user_id":"` + userID + `"}`
	return []byte("POST /v2/manufacturer/device-connections HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: " + testKey +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// response reads a response that has a Content-Length.
func (c *client) response() (status string, body []byte, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return "", nil, err
	}
	if len(line) < 12 {
		return "", nil, errors.New("the response has no status")
	}
	status = string(line[9:12])
	length := -1
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return "", nil, err
		}
		if len(line) <= 2 {
			break
		}
		if value, is := bytes.CutPrefix(line, []byte("Content-Length: ")); is {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return "", nil, err
			}
		}
	}
	if length < 0 {
		return "", nil, errors.New("the response has no Content-Length")
	}
	body, err = c.in.Peek(length)
	if err != nil {
		return "", nil, err
	}
	_, err = c.in.Discard(length)
	return status, body, err
}

// right reports whether a response echoes the user and has an id; for the
// repeated user, always the same.
func (c *client) right(userID, status string, body []byte) bool {
	const before, between, behind = `{"manufacturer_user_id":"`, `","nox_user_id":"`, `"}`
	rest, is := strings.CutPrefix(strings.TrimSpace(string(body)), before+userID+between)
	id, closed := strings.CutSuffix(rest, behind)
	if status != "201" || !is || !closed || len(id) < 8 {
		return false
	}
	if c.fresh {
		return true
	}
	if c.noxUserID == "" {
		c.noxUserID = id
	}
	return c.noxUserID == id
}

// connectOnce connects one user.
func connectOnce(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	c := &client{conn: conn, in: bufio.NewReader(conn)}
	if _, err := conn.Write(request("customer-7")); err != nil {
		return err
	}
	status, body, err := c.response()
	if err == nil && !c.right("customer-7", status, body) {
		err = fmt.Errorf("the first response is %s %s", status, body)
	}
	return err
}
