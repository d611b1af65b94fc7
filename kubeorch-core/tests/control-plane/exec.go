package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The channels of a command, in the first byte of every message.
const (
	stdin = iota
	stdout
	stderr
	failure
	closing = 255
)

// startup is what a runtime needs to start a process. It is no decoration: client-go before 0.34 drops
// what arrives before it made its streams.
const startup = 100 * time.Millisecond

var upgrader = websocket.Upgrader{
	Subprotocols: []string{"v5.channel.k8s.io", "v4.channel.k8s.io"},
	CheckOrigin:  func(*http.Request) bool { return true },
}

// exec answers `/exec/NAMESPACE/POD/CONTAINER` over a WebSocket.
func (k *kubelet) exec(out http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	k.lock.Lock()
	life, one := k.find(request)
	if one == nil || one.step != running {
		k.lock.Unlock()
		http.Error(out, fmt.Sprintf("container not found (%q)", request.PathValue("container")), http.StatusNotFound)
		return
	}
	gone := one.gone
	shell := &shell{hostname: life.name, environment: environment(life, one)}
	k.lock.Unlock()
	socket, err := upgrader.Upgrade(out, request, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	socket.SetReadLimit(1 << 20)
	session := &session{socket: socket, tty: query.Get("tty") == "1"}
	session.wants[stdout], session.wants[stderr] = query.Get("output") == "1", query.Get("error") == "1"
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	shell.in = session.input(cancel, query.Get("input") == "1")
	shell.out = func(text string) { session.send(stdout, text) }
	shell.err = func(text string) { session.send(stderr, text) }
	shell.tty = session.tty
	time.Sleep(startup)
	result := make(chan ending, 1)
	go func() { result <- shell.start(ctx, query["command"]) }()
	select {
	case how := <-result:
		session.finish(how, one.spec.Name)
	case <-gone:
		// A container that is killed takes its processes along.
		session.finish(ending{code: 137}, one.spec.Name)
	case <-ctx.Done():
	}
}

// session is one WebSocket; messages go out one at a time.
type session struct {
	socket *websocket.Conn
	tty    bool
	wants  [3]bool
	lock   sync.Mutex
}

// input reads the socket until its end; what comes on standard input goes to the channel.
func (s *session) input(gone context.CancelFunc, wanted bool) <-chan []byte {
	out := make(chan []byte, 16)
	if !wanted {
		close(out)
	}
	go func() {
		open := wanted
		for {
			_, message, err := s.socket.ReadMessage()
			switch {
			case err != nil:
				if open {
					close(out)
				}
				gone()
				return
			case !open || len(message) == 0:
			case message[0] == stdin && len(message) > 1:
				out <- message[1:]
			case message[0] == closing:
				open = false
				close(out)
			}
		}
	}()
	return out
}

func (s *session) send(channel byte, text string) {
	if s.tty {
		// A terminal has one output, and its lines end as terminals end them.
		channel, text = stdout, strings.ReplaceAll(text, "\n", "\r\n")
	}
	if text == "" || !s.wants[channel] {
		return
	}
	s.message(channel, []byte(text))
}

func (s *session) message(channel byte, body []byte) {
	s.lock.Lock()
	defer s.lock.Unlock()
	_ = s.socket.WriteMessage(websocket.BinaryMessage, append([]byte{channel}, body...))
}

// finish sends the result and says goodbye.
func (s *session) finish(how ending, container string) {
	status := metav1.Status{Status: metav1.StatusSuccess}
	if how.missing != "" {
		status = metav1.Status{
			Status: metav1.StatusFailure, Reason: metav1.StatusReasonInternalError, Code: http.StatusInternalServerError,
			Message: fmt.Sprintf("Internal error occurred: error executing command in container: failed to exec in container %q: exec: %q: executable file not found in $PATH", container, how.missing),
		}
	} else if how.code != 0 {
		status = metav1.Status{
			Status: metav1.StatusFailure, Reason: "NonZeroExitCode",
			Message: fmt.Sprintf("command terminated with non-zero exit code: exit status %d", how.code),
			Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{
				{Type: "ExitCode", Message: strconv.Itoa(how.code)},
			}},
		}
	}
	body, err := json.Marshal(status)
	if err != nil {
		return
	}
	s.message(failure, body)
	s.lock.Lock()
	defer s.lock.Unlock()
	goodbye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = s.socket.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(time.Second))
}
