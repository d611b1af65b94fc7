package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	coordination "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	storage "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-base/version"
)

const (
	// nodeCount is small, and enough for spreading and draining.
	nodeCount = 2
	// renewal is how often a node says that it lives; nobody is missed before 40 s.
	renewal = 10 * time.Second
	// metricsService is the service the API server finds our metrics behind.
	metricsService = "metrics-server"
	metricsPath    = "/apis/metrics.k8s.io/v1beta1"
)

// Names and sizes are the simulator's, so that one suite reads the same on both.
func nodeName(at int) string { return fmt.Sprintf("simulator-node-%d", at) }

// join adds the nodes and what a cluster of ours has besides: a storage class and the metrics API.
func (k *kubelet) join(ctx context.Context) error {
	for at := range nodeCount {
		node := k.node(at)
		made, err := k.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		made.Status = node.Status
		if _, err := k.client.CoreV1().Nodes().UpdateStatus(ctx, made, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	class := &storage.StorageClass{Provisioner: provisioner}
	class.Name = "standard"
	class.Annotations = map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}
	grow := true
	class.AllowVolumeExpansion = &grow
	if _, err := k.client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
		return err
	}
	return k.offerMetrics(ctx)
}

// offerMetrics registers the metrics API. A service of a name on this machine needs no cluster network.
func (k *kubelet) offerMetrics(ctx context.Context) error {
	service := &corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"}}
	service.Name = metricsService
	if _, err := k.client.CoreV1().Services("kube-system").Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	ca, err := os.ReadFile(filepath.Join(k.dir, "ca.crt"))
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": map[string]any{"name": "v1beta1.metrics.k8s.io"},
		"spec": map[string]any{
			"group": "metrics.k8s.io", "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
			"caBundle": ca,
			"service":  map[string]any{"namespace": "kube-system", "name": metricsService, "port": k.port},
		},
	})
	if err != nil {
		return err
	}
	path := "/apis/apiregistration.k8s.io/v1/apiservices"
	return k.client.Discovery().RESTClient().Post().AbsPath(path).
		SetHeader("Content-Type", "application/json").Body(body).Do(ctx).Error()
}

func (k *kubelet) node(at int) *corev1.Node {
	name := nodeName(at)
	now := metav1.Now()
	capacity := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("32Gi"),
		corev1.ResourcePods: resource.MustParse("110"), corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"),
	}
	condition := func(kind corev1.NodeConditionType, status corev1.ConditionStatus, reason, message string) corev1.NodeCondition {
		return corev1.NodeCondition{
			Type: kind, Status: status, Reason: reason, Message: message,
			LastHeartbeatTime: now, LastTransitionTime: now,
		}
	}
	node := &corev1.Node{Status: corev1.NodeStatus{
		Addresses: []corev1.NodeAddress{
			{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}, {Type: corev1.NodeHostName, Address: name},
		},
		Allocatable: capacity, Capacity: capacity,
		Conditions: []corev1.NodeCondition{
			condition(corev1.NodeMemoryPressure, corev1.ConditionFalse, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
			condition(corev1.NodeDiskPressure, corev1.ConditionFalse, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
			condition(corev1.NodePIDPressure, corev1.ConditionFalse, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
			condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status"),
		},
		// The API server then passes the WebSocket of an exec on as it came.
		DeclaredFeatures: []string{"ExtendWebSocketsToKubelet"},
		NodeInfo: corev1.NodeSystemInfo{
			Architecture: "amd64", OperatingSystem: "linux", OSImage: "simulated", KernelVersion: "simulated",
			ContainerRuntimeVersion: "simulator://1", KubeletVersion: version.Get().GitVersion,
			KubeProxyVersion: version.Get().GitVersion, MachineID: name, SystemUUID: name,
		},
	}}
	node.Name = name
	node.Labels = map[string]string{
		"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": name,
	}
	node.Spec.PodCIDR = fmt.Sprintf("10.244.%d.0/24", at)
	node.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(k.port)
	return node
}

// heartbeat renews the nodes' leases for as long as they live.
func (k *kubelet) heartbeat(ctx context.Context) error {
	leases := k.client.CoordinationV1().Leases("kube-node-lease")
	seconds := int32(40)
	for {
		for at := range nodeCount {
			name, now := nodeName(at), metav1.NowMicro()
			lease, err := leases.Get(ctx, name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				lease = &coordination.Lease{}
				lease.Name = name
				lease, err = leases.Create(ctx, lease, metav1.CreateOptions{})
			}
			if err != nil {
				return err
			}
			lease.Spec = coordination.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now}
			if _, err := leases.Update(ctx, lease, metav1.UpdateOptions{}); err != nil && !apierrors.IsConflict(err) {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(renewal):
		}
	}
}
