package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/tools/cache"
)

// How long the steps of a pod take: the simulator's times, and a kubelet's pauses.
const (
	pullTime     = 30 * time.Millisecond
	startTime    = 20 * time.Millisecond
	readyTime    = 30 * time.Millisecond
	workTime     = 100 * time.Millisecond
	crashTime    = 20 * time.Millisecond
	stopTime     = 30 * time.Millisecond
	slowTime     = 20 * time.Second
	backoff      = 10 * time.Second
	longestPause = 5 * time.Minute
)

// outcome is what a container does once it should run.
type outcome int

const (
	healthy outcome = iota
	imageMissing
	crashes
	outOfMemory
	neverReady
	slowStart
)

// outcomes are decided by the image, as the simulator's are.
var outcomes = []struct {
	pattern string
	outcome outcome
}{
	{"simulator/image-not-found", imageMissing},
	{"simulator/crash", crashes},
	{"simulator/oom", outOfMemory},
	{"simulator/never-ready", neverReady},
	{"simulator/slow-start", slowStart},
}

func outcomeOf(image string) outcome {
	for _, rule := range outcomes {
		if strings.Contains(image, rule.pattern) {
			return rule.outcome
		}
	}
	return healthy
}

// step is where a container is.
type step int

const (
	// created waits for earlier containers or for volumes.
	created step = iota
	pulling
	noImage
	noConfig
	starting
	running
	pausing
	ended
)

// end is how a run of a container ended.
type end struct {
	code              int32
	reason            string
	started, finished time.Time
}

type container struct {
	spec    corev1.Container
	init    bool
	outcome outcome
	id      string
	step    step
	// until is when the step is over; since is when the container began to run.
	until, since time.Time
	// tried says that a missing image was reported already.
	tried    bool
	restarts int32
	pulls    int
	why      string
	last     *end
	// gone closes when the run is over, for those who read its log or run commands in it.
	gone chan struct{}
}

// life is what a node knows about a pod.
type life struct {
	uid             types.UID
	namespace, name string
	node            string
	containers      []*container
	mounted         bool
	address         string
	started         time.Time
	stops           time.Time
	// written is the status as last sent.
	written string
	since   map[corev1.PodConditionType]metav1.Time
	states  map[corev1.PodConditionType]corev1.ConditionStatus
}

func newLife(pod *corev1.Pod) *life {
	life := &life{
		uid: pod.UID, namespace: pod.Namespace, name: pod.Name, node: pod.Spec.NodeName, started: time.Now(),
		since:  map[corev1.PodConditionType]metav1.Time{},
		states: map[corev1.PodConditionType]corev1.ConditionStatus{},
	}
	add := func(specs []corev1.Container, init bool) {
		for _, spec := range specs {
			life.containers = append(life.containers, &container{
				spec: spec, init: init, outcome: outcomeOf(spec.Image), id: string(uuid.NewUUID()),
			})
		}
	}
	add(pod.Spec.InitContainers, true)
	add(pod.Spec.Containers, false)
	return life
}

func (l *life) waits() bool {
	for _, one := range l.containers {
		if one.step == noConfig {
			return true
		}
	}
	return !l.mounted
}

// sidecar says whether an init container goes on beside the others.
func (c *container) sidecar() bool {
	return c.init && c.spec.RestartPolicy != nil && *c.spec.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

func (c *container) ready(now time.Time) bool {
	wait := readyTime
	if c.outcome == slowStart {
		wait = slowTime
	}
	return c.step == running && c.outcome != neverReady && !now.Before(c.since.Add(wait))
}

// reconcile moves a pod on as far as the present time allows and comes back when more is due.
func (k *kubelet) reconcile(ctx context.Context, key string) error {
	space, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil
	}
	pod, err := k.pods.Pods(space).Get(name)
	k.lock.Lock()
	if err != nil || pod.Spec.NodeName == "" {
		k.forget(key)
		k.lock.Unlock()
		return nil
	}
	now := time.Now()
	current := k.lives[key]
	if current == nil || current.uid != pod.UID {
		k.forget(key)
		current = newLife(pod)
		k.lives[key] = current
	}
	if pod.DeletionTimestamp != nil {
		return k.stop(ctx, key, pod, current, now)
	}
	due := k.move(pod, current, now)
	patch, changed := current.status(pod, now)
	k.lock.Unlock()
	if !due.IsZero() {
		k.queue.AddAfter(key, max(0, due.Sub(now)))
	}
	if !changed {
		return nil
	}
	return k.send(ctx, pod, current, patch)
}

// forget ends a life; the lock is held.
func (k *kubelet) forget(key string) {
	life := k.lives[key]
	if life == nil {
		return
	}
	for _, one := range life.containers {
		one.close()
	}
	delete(k.lives, key)
}

func (c *container) close() {
	if c.gone != nil {
		close(c.gone)
		c.gone = nil
	}
}

// move takes every step that is due and says when the next one is.
func (k *kubelet) move(pod *corev1.Pod, life *life, now time.Time) time.Time {
	if !life.mounted {
		if why := k.unmounted(pod); why != "" {
			k.events.Event(pod, corev1.EventTypeWarning, "FailedMount", why)
			return time.Time{}
		}
		life.mounted = true
		life.address = k.address()
	}
	for moved := true; moved; {
		moved = false
		for at, one := range life.containers {
			if life.free(at) && k.step(pod, life, one, now) {
				moved = true
			}
		}
	}
	var due time.Time
	for _, one := range life.containers {
		if next := one.due(pod, now); !next.IsZero() && (due.IsZero() || next.Before(due)) {
			due = next
		}
	}
	return due
}

// free says whether the init containers before one let it begin.
func (l *life) free(at int) bool {
	for index, earlier := range l.containers {
		if !earlier.init || (l.containers[at].init && index >= at) {
			return true
		}
		through := earlier.step == ended && earlier.last != nil && earlier.last.code == 0
		if !through && !(earlier.sidecar() && earlier.step == running) {
			return false
		}
	}
	return true
}

// finish says when and how a running container ends by itself.
func (c *container) finish(pod *corev1.Pod) (at time.Time, code int32, reason string, ends bool) {
	finite := pod.Spec.RestartPolicy != corev1.RestartPolicyAlways
	if c.init {
		finite = !c.sidecar()
	}
	switch {
	case c.outcome == crashes:
		return c.since.Add(crashTime), 1, "Error", true
	case c.outcome == outOfMemory:
		return c.since.Add(crashTime), 137, "OOMKilled", true
	case c.outcome == slowStart && finite:
		return c.since.Add(slowTime), 0, "Completed", true
	case c.outcome == healthy && finite:
		return c.since.Add(workTime), 0, "Completed", true
	}
	return time.Time{}, 0, "", false
}

func (c *container) due(pod *corev1.Pod, now time.Time) time.Time {
	switch c.step {
	case pulling, noImage, starting, pausing:
		return c.until
	case running:
		at, _, _, ends := c.finish(pod)
		probe := c.since.Add(readyTime)
		if c.outcome == slowStart {
			probe = c.since.Add(slowTime)
		}
		if probe.After(now) && (!ends || probe.Before(at)) {
			return probe
		}
		if ends {
			return at
		}
	}
	return time.Time{}
}

// step moves one container; `true` when it moved.
func (k *kubelet) step(pod *corev1.Pod, life *life, one *container, now time.Time) bool {
	if image := imageIn(pod, one.spec.Name); image != one.spec.Image && image != "" {
		// A patched image replaces the container.
		one.spec.Image, one.outcome, one.pulls, one.step = image, outcomeOf(image), 0, created
		one.restarts++
		one.close()
	}
	over := !one.until.After(now)
	switch one.step {
	case created:
		return k.pull(pod, life, one, now)
	case pulling:
		return over && k.pulled(pod, life, one, now)
	case noImage:
		if over {
			return k.pull(pod, life, one, now)
		}
		if !one.tried {
			one.tried = true
			k.event(pod, one, corev1.EventTypeNormal, "BackOff", fmt.Sprintf("Back-off pulling image %q", one.spec.Image))
			k.queue.Add(pod.Namespace + "/" + pod.Name)
		}
	case noConfig:
		return k.configure(pod, one, now)
	case starting:
		if over {
			one.step, one.since, one.gone = running, one.until, make(chan struct{})
			k.event(pod, one, corev1.EventTypeNormal, "Started", "Started container "+one.spec.Name)
		}
		return over
	case running:
		at, code, reason, ends := one.finish(pod)
		if ends && !at.After(now) {
			k.finished(pod, one, &end{code, reason, one.since, at})
			return true
		}
	case pausing:
		if over {
			one.restarts++
			return k.configure(pod, one, now)
		}
	}
	return false
}

func imageIn(pod *corev1.Pod, name string) string {
	for _, specs := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, spec := range specs {
			if spec.Name == name {
				return spec.Image
			}
		}
	}
	return ""
}

func (k *kubelet) pull(pod *corev1.Pod, life *life, one *container, now time.Time) bool {
	image := one.spec.Image
	if k.images[life.node+"/"+image] && one.spec.ImagePullPolicy != corev1.PullAlways {
		k.event(pod, one, corev1.EventTypeNormal, "Pulled", fmt.Sprintf("Container image %q already present on machine", image))
		return k.configure(pod, one, now)
	}
	k.event(pod, one, corev1.EventTypeNormal, "Pulling", fmt.Sprintf("Pulling image %q", image))
	one.step, one.until = pulling, now.Add(pullTime)
	return true
}

func (k *kubelet) pulled(pod *corev1.Pod, life *life, one *container, now time.Time) bool {
	image := one.spec.Image
	if one.outcome == imageMissing {
		k.event(pod, one, corev1.EventTypeWarning, "Failed", fmt.Sprintf(
			"Failed to pull image %q: rpc error: code = NotFound desc = failed to resolve reference %q: %s: not found", image, image, image))
		k.event(pod, one, corev1.EventTypeWarning, "Failed", "Error: ErrImagePull")
		one.step, one.tried, one.until = noImage, false, now.Add(pause(one.pulls))
		one.pulls++
		return false
	}
	k.images[life.node+"/"+image] = true
	k.event(pod, one, corev1.EventTypeNormal, "Pulled", fmt.Sprintf("Successfully pulled image %q in %s", image, pullTime))
	return k.configure(pod, one, now)
}

func (k *kubelet) configure(pod *corev1.Pod, one *container, now time.Time) bool {
	if why := k.unconfigured(pod, one); why != "" {
		if one.step != noConfig || one.why != why {
			k.event(pod, one, corev1.EventTypeWarning, "Failed", "Error: "+why)
		}
		one.step, one.why = noConfig, why
		return false
	}
	k.event(pod, one, corev1.EventTypeNormal, "Created", "Created container: "+one.spec.Name)
	one.step, one.until = starting, now.Add(startTime)
	return true
}

func pause(tries int) time.Duration {
	return min(backoff<<min(tries, 16), longestPause)
}

func (k *kubelet) finished(pod *corev1.Pod, one *container, how *end) {
	one.last = how
	one.close()
	policy := pod.Spec.RestartPolicy
	if one.init && policy == corev1.RestartPolicyAlways {
		policy = corev1.RestartPolicyOnFailure
	}
	again := one.sidecar() || policy == corev1.RestartPolicyAlways ||
		(policy == corev1.RestartPolicyOnFailure && how.code != 0)
	if !again {
		one.step = ended
		return
	}
	one.step, one.until = pausing, how.finished
	if one.restarts > 0 {
		// The first restart comes at once.
		one.until = how.finished.Add(pause(int(one.restarts) - 1))
		k.event(pod, one, corev1.EventTypeWarning, "BackOff", fmt.Sprintf(
			"Back-off restarting failed container %s in pod %s_%s(%s)", one.spec.Name, pod.Name, pod.Namespace, pod.UID))
	}
}

// stop ends the containers, then the pod. It releases the lock.
func (k *kubelet) stop(ctx context.Context, key string, pod *corev1.Pod, life *life, now time.Time) error {
	if life.stops.IsZero() {
		grace := stopTime
		if seconds := pod.DeletionGracePeriodSeconds; seconds != nil {
			grace = min(grace, time.Duration(*seconds)*time.Second)
		}
		life.stops = now.Add(grace)
		for _, one := range life.containers {
			if one.step == running {
				k.event(pod, one, corev1.EventTypeNormal, "Killing", "Stopping container "+one.spec.Name)
			}
		}
	}
	if now.Before(life.stops) {
		k.lock.Unlock()
		k.queue.AddAfter(key, life.stops.Sub(now))
		return nil
	}
	for _, one := range life.containers {
		if one.step != ended {
			one.last = &end{137, "Error", one.since, now}
			one.step = ended
			one.close()
		}
	}
	patch, changed := life.status(pod, now)
	k.lock.Unlock()
	if changed && len(pod.Finalizers) > 0 {
		// Who holds the pod, as the job controller does, wants to know how it ended.
		if err := k.send(ctx, pod, life, patch); err != nil {
			return err
		}
	}
	return k.remove(ctx, pod)
}

func (k *kubelet) event(pod *corev1.Pod, one *container, kind, reason, message string) {
	part := "containers"
	if one.init {
		part = "initContainers"
	}
	about := &corev1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID,
		ResourceVersion: pod.ResourceVersion, FieldPath: fmt.Sprintf("spec.%s{%s}", part, one.spec.Name),
	}
	k.events.Event(about, kind, reason, message)
}
