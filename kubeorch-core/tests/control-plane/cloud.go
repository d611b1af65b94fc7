package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// provisioner is who makes volumes, under the simulator's name.
const provisioner = "simulator.local/volumes"

// driver is the name of their driver, which may hold no slash.
const driver = "simulator.local"

// cloud does what a provider does: volumes for claims, addresses for balancers and ingresses.
type cloud struct {
	client    kubernetes.Interface
	addresses atomic.Int64
	todo      chan func(context.Context)
}

func newCloud(client kubernetes.Interface, factory informers.SharedInformerFactory) *cloud {
	c := &cloud{client: client, todo: make(chan func(context.Context), 1024)}
	on := func(informer cache.SharedIndexInformer, work func(object any) func(context.Context)) {
		see := func(object any) {
			if do := work(object); do != nil {
				c.todo <- do
			}
		}
		_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: see, UpdateFunc: func(_, object any) { see(object) },
		})
	}
	on(factory.Core().V1().PersistentVolumeClaims().Informer(), c.claim)
	on(factory.Core().V1().PersistentVolumes().Informer(), c.volume)
	on(factory.Core().V1().Services().Informer(), c.service)
	on(factory.Networking().V1().Ingresses().Informer(), c.ingress)
	return c
}

// start carries out what was seen. What fails because the object changed is tried again with the change.
func (c *cloud) start(ctx context.Context) {
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case do := <-c.todo:
				do(ctx)
			}
		}
	}()
}

func report(err error) {
	if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) && !apierrors.IsAlreadyExists(err) {
		fmt.Fprintln(os.Stderr, "cloud:", err)
	}
}

func (c *cloud) address() string {
	return fmt.Sprintf("198.51.100.%d", c.addresses.Add(1)%254+1)
}

func (c *cloud) claim(object any) func(context.Context) {
	claim, is := object.(*corev1.PersistentVolumeClaim)
	if !is || claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil ||
		claim.Annotations["volume.kubernetes.io/storage-provisioner"] != provisioner {
		return nil
	}
	volume := &corev1.PersistentVolume{Spec: corev1.PersistentVolumeSpec{
		Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
		AccessModes:                   claim.Spec.AccessModes,
		PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
		StorageClassName:              *claim.Spec.StorageClassName,
		VolumeMode:                    claim.Spec.VolumeMode,
		ClaimRef: &corev1.ObjectReference{
			APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
		},
	}}
	volume.Name = "pvc-" + string(claim.UID)
	volume.Annotations = map[string]string{"pv.kubernetes.io/provisioned-by": provisioner}
	volume.Spec.CSI = &corev1.CSIPersistentVolumeSource{Driver: driver, VolumeHandle: volume.Name}
	return func(ctx context.Context) {
		_, err := c.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
		report(err)
	}
}

func (c *cloud) volume(object any) func(context.Context) {
	volume, is := object.(*corev1.PersistentVolume)
	if !is || volume.Status.Phase != corev1.VolumeReleased || volume.DeletionTimestamp != nil ||
		volume.Annotations["pv.kubernetes.io/provisioned-by"] != provisioner ||
		volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return nil
	}
	return func(ctx context.Context) {
		report(c.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{}))
	}
}

func (c *cloud) service(object any) func(context.Context) {
	service, is := object.(*corev1.Service)
	if !is || service.Spec.Type != corev1.ServiceTypeLoadBalancer || len(service.Status.LoadBalancer.Ingress) > 0 ||
		service.DeletionTimestamp != nil {
		return nil
	}
	service = service.DeepCopy()
	return func(ctx context.Context) {
		service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: c.address()}}
		_, err := c.client.CoreV1().Services(service.Namespace).UpdateStatus(ctx, service, metav1.UpdateOptions{})
		report(err)
	}
}

func (c *cloud) ingress(object any) func(context.Context) {
	ingress, is := object.(*networking.Ingress)
	if !is || len(ingress.Status.LoadBalancer.Ingress) > 0 || ingress.DeletionTimestamp != nil {
		return nil
	}
	ingress = ingress.DeepCopy()
	return func(ctx context.Context) {
		ingress.Status.LoadBalancer.Ingress = []networking.IngressLoadBalancerIngress{{IP: c.address()}}
		_, err := c.client.NetworkingV1().Ingresses(ingress.Namespace).UpdateStatus(ctx, ingress, metav1.UpdateOptions{})
		report(err)
	}
}
