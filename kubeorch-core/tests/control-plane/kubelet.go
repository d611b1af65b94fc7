package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
)

// workers move pods along at once; each pod has one at a time.
const workers = 16

// kubelet is all nodes of the cluster: it moves their pods along and answers for their containers.
type kubelet struct {
	client  kubernetes.Interface
	dir     string
	port    int
	pods    listers.PodLister
	configs listers.ConfigMapLister
	secrets listers.SecretLister
	queue   workqueue.TypedRateLimitingInterface[string]
	events  record.EventRecorder

	// lock guards what follows, and every life in it.
	lock sync.Mutex
	// lives holds what runs, by namespace/name.
	lives map[string]*life
	// images holds NODE/IMAGE of what was pulled.
	images map[string]bool
	// addresses counts what was given out.
	addresses int
}

func kubeletCommand() *cobra.Command {
	var config, dir string
	command := &cobra.Command{
		Use: "kubelet",
		RunE: func(*cobra.Command, []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
			defer stop()
			return runKubelet(ctx, config, dir)
		},
	}
	command.Flags().StringVar(&config, "kubeconfig", "", "how to reach the API server")
	command.Flags().StringVar(&dir, "dir", "", "where the certificates are")
	return command
}

func runKubelet(ctx context.Context, kubeconfig, dir string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.UserAgent, config.QPS, config.Burst = "kubelet", 1000, 2000
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typed.EventSinkImpl{Interface: client.CoreV1().Events("")})
	factory := informers.NewSharedInformerFactory(client, 0)
	k := &kubelet{
		client:  client,
		dir:     dir,
		port:    listener.Addr().(*net.TCPAddr).Port,
		pods:    factory.Core().V1().Pods().Lister(),
		configs: factory.Core().V1().ConfigMaps().Lister(),
		secrets: factory.Core().V1().Secrets().Lister(),
		queue:   workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]()),
		events:  broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet"}),
		lives:   map[string]*life{},
		images:  map[string]bool{},
	}
	server, err := k.server()
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- server.ServeTLS(listener, "", "") }()
	k.watch(factory)
	cloud := newCloud(client, factory)
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for range workers {
		go wait.UntilWithContext(ctx, k.work, time.Second)
	}
	cloud.start(ctx)
	if err := k.join(ctx); err != nil {
		return err
	}
	go func() { failed <- k.heartbeat(ctx) }()
	select {
	case err := <-failed:
		if err == http.ErrServerClosed {
			return nil
		}
		return err
	case <-ctx.Done():
		return nil
	}
}

// watch puts pods in the queue when they change, or when what they wait for comes.
func (k *kubelet) watch(factory informers.SharedInformerFactory) {
	add := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			k.queue.Add(key)
		}
	}
	_, _ = factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    add,
		UpdateFunc: func(_, object any) { add(object) },
		DeleteFunc: add,
	})
	needed := cache.ResourceEventHandlerFuncs{
		AddFunc:    k.retry,
		UpdateFunc: func(_, object any) { k.retry(object) },
	}
	_, _ = factory.Core().V1().ConfigMaps().Informer().AddEventHandler(needed)
	_, _ = factory.Core().V1().Secrets().Informer().AddEventHandler(needed)
}

// retry looks again at the pods of a namespace that wait for configuration.
func (k *kubelet) retry(object any) {
	key, err := cache.MetaNamespaceKeyFunc(object)
	if err != nil {
		return
	}
	space, _, _ := cache.SplitMetaNamespaceKey(key)
	k.lock.Lock()
	defer k.lock.Unlock()
	for key, life := range k.lives {
		if life.namespace == space && life.waits() {
			k.queue.Add(key)
		}
	}
}

func (k *kubelet) work(ctx context.Context) {
	for {
		key, over := k.queue.Get()
		if over {
			return
		}
		if err := k.reconcile(ctx, key); err != nil {
			k.queue.AddRateLimited(key)
		} else {
			k.queue.Forget(key)
		}
		k.queue.Done(key)
	}
}

// address gives out the pod network's addresses, 10.244.0.0/16.
func (k *kubelet) address() string {
	k.addresses++
	return fmt.Sprintf("10.244.%d.%d", k.addresses/254%256, k.addresses%254+1)
}
