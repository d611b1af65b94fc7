package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// server answers what the API server asks kubelets, and the metrics API. Only who has a certificate of
// the cluster's authority is heard.
func (k *kubelet) server() (*http.Server, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(k.dir, "kubelet.crt"), filepath.Join(k.dir, "kubelet.key"))
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(k.dir, "ca.crt"))
	if err != nil {
		return nil, err
	}
	authority := x509.NewCertPool()
	if !authority.AppendCertsFromPEM(raw) {
		return nil, errors.New("the authority's certificate is damaged")
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.logs)
	routes.HandleFunc("/exec/{namespace}/{pod}/{container}", k.exec)
	routes.HandleFunc("/attach/{namespace}/{pod}/{container}", func(out http.ResponseWriter, _ *http.Request) {
		http.Error(out, "the simulator cannot attach to containers", http.StatusBadRequest)
	})
	routes.HandleFunc("/portForward/{namespace}/{pod}", func(out http.ResponseWriter, _ *http.Request) {
		http.Error(out, "the simulator cannot forward ports of containers", http.StatusBadRequest)
	})
	k.routeMetrics(routes)
	return &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{pair}, ClientCAs: authority,
			ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
			// A WebSocket needs a connection of its own.
			NextProtos: []string{"http/1.1"},
		},
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}, nil
}

// find is the container of a request as it is now; the lock is held by the caller.
func (k *kubelet) find(request *http.Request) (*life, *container) {
	life := k.lives[request.PathValue("namespace")+"/"+request.PathValue("pod")]
	if life == nil {
		return nil, nil
	}
	for _, one := range life.containers {
		if one.spec.Name == request.PathValue("container") {
			return life, one
		}
	}
	return life, nil
}

// environment is what a command in the container sees.
func environment(life *life, one *container) map[string]string {
	out := map[string]string{
		"PATH":                    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOSTNAME":                life.name,
		"KUBERNETES_SERVICE_HOST": "10.96.0.1",
		"KUBERNETES_SERVICE_PORT": "443",
	}
	for _, env := range one.spec.Env {
		if env.ValueFrom == nil {
			out[env.Name] = strings.ReplaceAll(env.Value, "$$", "$")
		}
	}
	return out
}
