package main

import (
	"encoding/json"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// The annotations with what a pod uses, and what a container uses without one: the simulator's.
const (
	cpuLoad    = "simulator/cpu-load"
	memoryLoad = "simulator/memory-load"
	idleCPU    = 5
	idleMemory = 16 << 20
)

// reading is a PodMetrics or a NodeMetrics.
type reading struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Timestamp         metav1.Time         `json:"timestamp"`
	Window            metav1.Duration     `json:"window"`
	Containers        []part              `json:"containers,omitempty"`
	Usage             corev1.ResourceList `json:"usage,omitempty"`
}

type part struct {
	Name  string              `json:"name"`
	Usage corev1.ResourceList `json:"usage"`
}

func (k *kubelet) routeMetrics(routes *http.ServeMux) {
	version := metav1.TypeMeta{APIVersion: "metrics.k8s.io/v1beta1"}
	routes.HandleFunc("GET "+metricsPath, func(out http.ResponseWriter, _ *http.Request) {
		verbs := metav1.Verbs{"get", "list"}
		answer(out, metav1.APIResourceList{
			TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
			GroupVersion: version.APIVersion,
			APIResources: []metav1.APIResource{
				{Name: "nodes", Kind: "NodeMetrics", Verbs: verbs},
				{Name: "pods", Kind: "PodMetrics", Namespaced: true, Verbs: verbs},
			},
		})
	})
	list := func(kind string, read func(*http.Request, labels.Selector) []reading) http.HandlerFunc {
		return func(out http.ResponseWriter, request *http.Request) {
			selector, err := labels.Parse(request.URL.Query().Get("labelSelector"))
			if err != nil {
				http.Error(out, err.Error(), http.StatusBadRequest)
				return
			}
			found := read(request, selector)
			if request.PathValue("name") == "" {
				answer(out, struct {
					metav1.TypeMeta `json:",inline"`
					metav1.ListMeta `json:"metadata"`
					Items           []reading `json:"items"`
				}{TypeMeta: metav1.TypeMeta{Kind: kind + "List", APIVersion: version.APIVersion}, Items: found})
				return
			}
			if len(found) == 0 {
				http.NotFound(out, request)
				return
			}
			found[0].TypeMeta = metav1.TypeMeta{Kind: kind, APIVersion: version.APIVersion}
			answer(out, found[0])
		}
	}
	for _, path := range []string{"/nodes", "/nodes/{name}"} {
		routes.HandleFunc("GET "+metricsPath+path, list("NodeMetrics", k.readNodes))
	}
	for _, path := range []string{"/pods", "/namespaces/{namespace}/pods", "/namespaces/{namespace}/pods/{name}"} {
		routes.HandleFunc("GET "+metricsPath+path, list("PodMetrics", k.readPods))
	}
}

func answer(out http.ResponseWriter, body any) {
	out.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(out).Encode(body)
}

func (k *kubelet) readPods(request *http.Request, selector labels.Selector) []reading {
	pods, err := k.pods.Pods(request.PathValue("namespace")).List(selector)
	if err != nil {
		return nil
	}
	out := []reading{}
	for _, pod := range pods {
		if name := request.PathValue("name"); name != "" && name != pod.Name {
			continue
		}
		if parts := k.usage(pod); len(parts) > 0 {
			one := newReading(pod.ObjectMeta)
			one.Containers = parts
			out = append(out, one)
		}
	}
	return out
}

func (k *kubelet) readNodes(request *http.Request, selector labels.Selector) []reading {
	pods, err := k.pods.List(labels.Everything())
	if err != nil {
		return nil
	}
	out := []reading{}
	for at := range nodeCount {
		node := k.node(at)
		if name := request.PathValue("name"); name != "" && name != node.Name || !selector.Matches(labels.Set(node.Labels)) {
			continue
		}
		// What a node uses beside its pods.
		cpu, memory := int64(50), int64(256<<20)
		for _, pod := range pods {
			if pod.Spec.NodeName != node.Name {
				continue
			}
			for _, part := range k.usage(pod) {
				cpu += part.Usage.Cpu().MilliValue()
				memory += part.Usage.Memory().Value()
			}
		}
		one := newReading(node.ObjectMeta)
		one.Usage = amounts(cpu, memory)
		out = append(out, one)
	}
	return out
}

func newReading(of metav1.ObjectMeta) reading {
	meta := metav1.ObjectMeta{Name: of.Name, Namespace: of.Namespace, Labels: of.Labels, CreationTimestamp: metav1.Now()}
	return reading{ObjectMeta: meta, Timestamp: metav1.Now(), Window: metav1.Duration{Duration: 10 * time.Second}}
}

// usage is what the running containers of a pod use: a fifth of the CPU and half of the memory they
// request, or an equal part of what the pod's annotations say.
func (k *kubelet) usage(pod *corev1.Pod) []part {
	k.lock.Lock()
	defer k.lock.Unlock()
	life := k.lives[pod.Namespace+"/"+pod.Name]
	if life == nil {
		return nil
	}
	var active []*container
	for _, one := range life.containers {
		if !one.init && one.step == running {
			active = append(active, one)
		}
	}
	var out []part
	for _, one := range active {
		cpu, memory := int64(idleCPU), int64(idleMemory)
		if asked, has := one.spec.Resources.Requests[corev1.ResourceCPU]; has {
			cpu = asked.MilliValue() / 5
		}
		if asked, has := one.spec.Resources.Requests[corev1.ResourceMemory]; has {
			memory = asked.Value() / 2
		}
		if load, err := resource.ParseQuantity(pod.Annotations[cpuLoad]); err == nil {
			cpu = load.MilliValue() / int64(len(active))
		}
		if load, err := resource.ParseQuantity(pod.Annotations[memoryLoad]); err == nil {
			memory = load.Value() / int64(len(active))
		}
		out = append(out, part{one.spec.Name, amounts(cpu, memory)})
	}
	return out
}

func amounts(milli, bytes int64) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(milli, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(bytes/1024*1024, resource.BinarySI),
	}
}
