// Connects a user:  go run connect.go USER_ID
//
// Prints the user's nox_user_id. Keep it: it stays the same. NOX_BASE_URL and
// NOX_API_KEY say where and as whom; nox-mock exec sets both.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"time"
)

const tries = 4

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("give the user_id as argument")
	}
	noxUserID, err := connect(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(noxUserID)
}

func connect(userID string) (noxUserID string, err error) {
	body, err := json.Marshal(map[string]string{"user_id": userID})
	if err != nil {
		return "", err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	var asked time.Duration // how long a response said to wait
	for n := range tries {
		if wait := 100 * time.Millisecond << n; n > 0 { // 200, 400, 800 ms, and as much at random
			time.Sleep(max(asked, wait+rand.N(wait)))
		}
		status, retryAfter, answer, err := post(client, body)
		asked = retryAfter
		switch {
		case err != nil: // the connection broke: the same user gets the same id, so ask again
		case status == http.StatusCreated:
			return member(answer, "nox_user_id")
		case status == http.StatusBadRequest:
			reason, err := member(answer, "error")
			return "", errors.Join(errors.New("not valid: "+reason), err)
		case status == http.StatusUnauthorized:
			return "", errors.New("the API key was refused")
		case status < 500:
			return "", fmt.Errorf("unexpected status %d", status)
		}
	}
	return "", fmt.Errorf("no success after %d tries", tries)
}

func post(client *http.Client, body []byte) (status int, retryAfter time.Duration, answer []byte, err error) {
	req, err := http.NewRequest("POST", os.Getenv("NOX_BASE_URL")+"/manufacturer/device-connections", bytes.NewReader(body))
	if err != nil {
		return 0, 0, nil, err
	}
	req.Header.Set("x-api-key", os.Getenv("NOX_API_KEY"))
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return 0, 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)                        // to its end, so that the connection is used again
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // 0 if there is none
	return resp.StatusCode, time.Duration(seconds) * time.Second, answer, err
}

func member(object []byte, name string) (string, error) {
	var members map[string]string
	err := json.Unmarshal(object, &members)
	return members[name], err
}
