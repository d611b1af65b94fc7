package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// beat is how often a container gives a sign of life.
const beat = 10 * time.Second

type line struct {
	at   time.Time
	text string
}

// logs answers `/containerLogs/NAMESPACE/POD/CONTAINER`.
func (k *kubelet) logs(out http.ResponseWriter, request *http.Request) {
	query := request.URL.Query()
	k.lock.Lock()
	life, one := k.find(request)
	if one == nil {
		k.lock.Unlock()
		http.Error(out, fmt.Sprintf("container %q not found", request.PathValue("container")), http.StatusNotFound)
		return
	}
	began, how, why := one.readable(query.Get("previous") == "true", life.name)
	gone, image, outcome := one.gone, one.spec.Image, one.outcome
	k.lock.Unlock()
	if why != "" {
		http.Error(out, why, http.StatusBadRequest)
		return
	}
	writer := newWriter(out, query.Get("timestamps") == "true", query.Get("limitBytes"), since(query.Get("sinceSeconds"), query.Get("sinceTime")))
	name := one.spec.Name
	lines := said(name, image, outcome, began, how, time.Now())
	lines = writer.newer(lines)
	if tail, err := strconv.Atoi(query.Get("tailLines")); err == nil && tail < len(lines) {
		lines = lines[len(lines)-max(0, tail):]
	}
	out.Header().Set("Content-Type", "text/plain")
	writer.write(lines)
	if query.Get("follow") != "true" || how != nil {
		return
	}
	for count := int(time.Since(began) / beat); ; count++ {
		select {
		case <-request.Context().Done():
			return
		case <-gone:
			k.lock.Lock()
			how := one.last
			k.lock.Unlock()
			if how != nil && how.code != 137 {
				writer.write(said(name, image, outcome, began, how, how.finished)[2:])
			}
			return
		case <-time.After(time.Until(began.Add(time.Duration(count+1) * beat))):
			writer.write([]line{alive(name, began, count)})
		}
	}
}

// readable says which run a log is of: its begin, its end if it has one, or why there is none.
func (c *container) readable(previous bool, pod string) (time.Time, *end, string) {
	if previous {
		if c.last == nil || c.step == ended {
			return time.Time{}, nil, fmt.Sprintf("previous terminated container %q in pod %q not found", c.spec.Name, pod)
		}
		return c.last.started, c.last, ""
	}
	waiting := func(why string) (time.Time, *end, string) {
		return time.Time{}, nil, fmt.Sprintf("container %q in pod %q is waiting to start: %s", c.spec.Name, pod, why)
	}
	switch {
	case c.step == running:
		return c.since, nil, ""
	case c.last != nil:
		return c.last.started, c.last, ""
	case c.step == noImage && c.tried:
		return waiting("trying and failing to pull image")
	case c.step == noImage:
		return waiting("image can't be pulled")
	case c.step == noConfig:
		return waiting("CreateContainerConfigError")
	}
	return waiting("ContainerCreating")
}

// said is what a run of a container wrote until now, in the simulator's words.
func said(name, image string, outcome outcome, began time.Time, how *end, now time.Time) []line {
	second := name + " listening"
	switch outcome {
	case neverReady:
		second = "waiting for a dependency that never answers"
	case outOfMemory:
		second = "allocating"
	}
	out := []line{{began, name + " starting " + image}, {began, second}}
	switch {
	case how == nil:
		for count := range int(now.Sub(began) / beat) {
			out = append(out, alive(name, began, count))
		}
	case how.code == 0:
		out = append(out, line{how.finished, "done"})
	case how.code != 137:
		out = append(out, line{how.finished, fmt.Sprintf("fatal: simulated failure, exit code %d", how.code)})
	}
	return out
}

func alive(name string, began time.Time, count int) line {
	return line{began.Add(time.Duration(count+1) * beat), fmt.Sprintf("%s alive, beat %d", name, count+1)}
}

func since(seconds, moment string) time.Time {
	if count, err := strconv.ParseInt(seconds, 10, 64); err == nil {
		return time.Now().Add(-time.Duration(count) * time.Second)
	}
	at, _ := time.Parse(time.RFC3339, moment)
	return at
}

// writer sends lines within a limit of bytes.
type writer struct {
	out    http.ResponseWriter
	stamps bool
	left   int64
	since  time.Time
}

func newWriter(out http.ResponseWriter, stamps bool, limit string, since time.Time) *writer {
	left, err := strconv.ParseInt(limit, 10, 64)
	if err != nil {
		left = 1 << 40
	}
	return &writer{out, stamps, left, since}
}

func (w *writer) newer(lines []line) []line {
	var out []line
	for _, one := range lines {
		if one.at.After(w.since) {
			out = append(out, one)
		}
	}
	return out
}

func (w *writer) write(lines []line) {
	for _, one := range lines {
		text := one.text + "\n"
		if w.stamps {
			text = one.at.UTC().Format("2006-01-02T15:04:05.000000Z") + " " + text
		}
		text = text[:min(int64(len(text)), w.left)]
		w.left -= int64(len(text))
		_, _ = w.out.Write([]byte(text))
	}
	_ = http.NewResponseController(w.out).Flush()
}
