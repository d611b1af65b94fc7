package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// status is the patch that says how the pod is, and whether it differs from the last one.
func (l *life) status(pod *corev1.Pod, now time.Time) (string, bool) {
	host := "127.0.0.1"
	started := metav1.NewTime(l.started)
	phase := l.phase()
	status := map[string]any{
		"phase": phase, "startTime": started, "hostIP": host, "hostIPs": []corev1.HostIP{{IP: host}},
		"conditions": l.conditions(pod, phase, now), "observedGeneration": pod.Generation,
	}
	var initial, main []corev1.ContainerStatus
	begun := false
	for _, one := range l.containers {
		begun = begun || one.step > pulling
		if one.init {
			initial = append(initial, one.status(now))
		} else {
			main = append(main, one.status(now))
		}
	}
	if begun {
		status["podIP"], status["podIPs"] = l.address, []corev1.PodIP{{IP: l.address}}
	}
	status["containerStatuses"] = main
	if len(initial) > 0 {
		status["initContainerStatuses"] = initial
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID}, "status": status})
	if err != nil {
		return "", false
	}
	return string(patch), string(patch) != l.written
}

// send writes a status. A pod that is gone needs none.
func (k *kubelet) send(ctx context.Context, pod *corev1.Pod, life *life, patch string) error {
	_, err := k.client.CoreV1().Pods(pod.Namespace).Patch(
		ctx, pod.Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	if err == nil {
		k.lock.Lock()
		life.written = patch
		k.lock.Unlock()
	}
	return err
}

func (k *kubelet) remove(ctx context.Context, pod *corev1.Pod) error {
	options := metav1.NewDeleteOptions(0)
	options.Preconditions = metav1.NewUIDPreconditions(string(pod.UID))
	err := k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, *options)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

func (l *life) phase() corev1.PodPhase {
	over, bad, begun := true, false, false
	for _, one := range l.containers {
		failed := one.step == ended && one.last != nil && one.last.code != 0
		if one.init {
			if failed {
				return corev1.PodFailed
			}
			continue
		}
		over = over && one.step == ended
		bad = bad || failed
		begun = begun || one.step >= running || one.restarts > 0
	}
	switch {
	case over && bad:
		return corev1.PodFailed
	case over:
		return corev1.PodSucceeded
	case begun:
		return corev1.PodRunning
	}
	return corev1.PodPending
}

func (l *life) conditions(pod *corev1.Pod, phase corev1.PodPhase, now time.Time) []corev1.PodCondition {
	finished := phase == corev1.PodSucceeded || phase == corev1.PodFailed
	initialized, runs := true, false
	var unready []string
	for _, one := range l.containers {
		if one.init {
			through := one.step == ended && one.last != nil && one.last.code == 0
			initialized = initialized && (through || one.sidecar() && one.step == running)
			continue
		}
		runs = runs || one.step == running
		if !one.ready(now) {
			unready = append(unready, one.spec.Name)
		}
	}
	reason, message := "ContainersNotReady", fmt.Sprintf("containers with unready status: [%s]", strings.Join(unready, " "))
	if finished {
		reason, message = "PodCompleted", ""
	}
	entry := func(kind corev1.PodConditionType, on bool, reason, message string) corev1.PodCondition {
		status := corev1.ConditionFalse
		if on {
			status = corev1.ConditionTrue
		}
		if l.states[kind] != status {
			l.states[kind], l.since[kind] = status, metav1.NewTime(now)
		}
		out := corev1.PodCondition{
			Type: kind, Status: status, LastTransitionTime: l.since[kind], ObservedGeneration: pod.Generation,
		}
		if !on || finished {
			out.Reason, out.Message = reason, message
		}
		return out
	}
	ready := len(unready) == 0
	done := ""
	if finished {
		done = "PodCompleted"
	}
	return []corev1.PodCondition{
		entry(corev1.PodReadyToStartContainers, !finished && l.mounted, "", ""),
		entry(corev1.PodInitialized, initialized, done, ""),
		entry(corev1.PodReady, ready, reason, message),
		entry(corev1.ContainersReady, ready, reason, message),
	}
}

func (c *container) status(now time.Time) corev1.ContainerStatus {
	runs := c.step == running
	out := corev1.ContainerStatus{
		Name: c.spec.Name, Image: c.spec.Image, RestartCount: c.restarts, Started: &runs,
		Ready: c.ready(now) || c.init && c.step == ended && c.last != nil && c.last.code == 0,
		State: c.state(now),
	}
	if c.step > noConfig {
		out.ImageID, out.ContainerID = "simulator://"+c.spec.Image, "simulator://"+c.id
	}
	if c.last != nil && c.step != ended {
		out.LastTerminationState.Terminated = c.terminated()
	}
	return out
}

func (c *container) state(now time.Time) corev1.ContainerState {
	waiting := func(reason, message string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
	switch c.step {
	case noImage:
		if c.tried {
			return waiting("ImagePullBackOff", fmt.Sprintf("Back-off pulling image %q", c.spec.Image))
		}
		return waiting("ErrImagePull", fmt.Sprintf("failed to pull image %q: not found", c.spec.Image))
	case noConfig:
		return waiting("CreateContainerConfigError", c.why)
	case running:
		return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(c.since)}}
	case pausing:
		if c.until.After(now) {
			return waiting("CrashLoopBackOff", fmt.Sprintf(
				"back-off %s restarting failed container=%s", c.until.Sub(c.last.finished), c.spec.Name))
		}
		return corev1.ContainerState{Terminated: c.terminated()}
	case ended:
		return corev1.ContainerState{Terminated: c.terminated()}
	}
	return waiting("ContainerCreating", "")
}

func (c *container) terminated() *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{
		ExitCode: c.last.code, Reason: c.last.reason, ContainerID: "simulator://" + c.id,
		StartedAt: metav1.NewTime(c.last.started), FinishedAt: metav1.NewTime(c.last.finished),
	}
}
