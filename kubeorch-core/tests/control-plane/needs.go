package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// missing names a config map or secret that is not there.
func (k *kubelet) missing(space, kind, name string, optional *bool) string {
	if name == "" || optional != nil && *optional {
		return ""
	}
	var err error
	if kind == "configmap" {
		_, err = k.configs.ConfigMaps(space).Get(name)
	} else {
		_, err = k.secrets.Secrets(space).Get(name)
	}
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%s %q not found", kind, name)
}

// unmounted says why a volume can't be mounted yet.
func (k *kubelet) unmounted(pod *corev1.Pod) string {
	for _, volume := range pod.Spec.Volumes {
		why := ""
		if source := volume.ConfigMap; source != nil {
			why = k.missing(pod.Namespace, "configmap", source.Name, source.Optional)
		}
		if source := volume.Secret; source != nil {
			why = k.missing(pod.Namespace, "secret", source.SecretName, source.Optional)
		}
		if volume.Projected != nil {
			for _, source := range volume.Projected.Sources {
				if source.ConfigMap != nil && why == "" {
					why = k.missing(pod.Namespace, "configmap", source.ConfigMap.Name, source.ConfigMap.Optional)
				}
				if source.Secret != nil && why == "" {
					why = k.missing(pod.Namespace, "secret", source.Secret.Name, source.Secret.Optional)
				}
			}
		}
		if why != "" {
			return fmt.Sprintf("MountVolume.SetUp failed for volume %q : %s", volume.Name, why)
		}
	}
	return ""
}

// unconfigured says why a container's environment can't be made yet.
func (k *kubelet) unconfigured(pod *corev1.Pod, one *container) string {
	for _, from := range one.spec.EnvFrom {
		why := ""
		if from.ConfigMapRef != nil {
			why = k.missing(pod.Namespace, "configmap", from.ConfigMapRef.Name, from.ConfigMapRef.Optional)
		}
		if from.SecretRef != nil {
			why = k.missing(pod.Namespace, "secret", from.SecretRef.Name, from.SecretRef.Optional)
		}
		if why != "" {
			return why
		}
	}
	for _, env := range one.spec.Env {
		if env.ValueFrom == nil {
			continue
		}
		if why := k.key(pod.Namespace, env.ValueFrom); why != "" {
			return why
		}
	}
	return ""
}

func (k *kubelet) key(space string, from *corev1.EnvVarSource) string {
	if ref := from.ConfigMapKeyRef; ref != nil && (ref.Optional == nil || !*ref.Optional) {
		found, err := k.configs.ConfigMaps(space).Get(ref.Name)
		if err != nil {
			return fmt.Sprintf("configmap %q not found", ref.Name)
		}
		if _, has := found.Data[ref.Key]; !has && found.BinaryData[ref.Key] == nil {
			return fmt.Sprintf("couldn't find key %s in ConfigMap %s/%s", ref.Key, space, ref.Name)
		}
	}
	if ref := from.SecretKeyRef; ref != nil && (ref.Optional == nil || !*ref.Optional) {
		found, err := k.secrets.Secrets(space).Get(ref.Name)
		if err != nil {
			return fmt.Sprintf("secret %q not found", ref.Name)
		}
		if _, has := found.Data[ref.Key]; !has {
			return fmt.Sprintf("couldn't find key %s in Secret %s/%s", ref.Key, space, ref.Name)
		}
	}
	return ""
}
