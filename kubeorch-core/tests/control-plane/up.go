package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// bound is how long the start may take; on a machine at work it takes a quarter of it.
const bound = 2 * time.Minute

// directory names the variable that tells the parts where their files are.
const directory = "CONTROL_PLANE_DIR"

// plane is a control plane that runs.
type plane struct {
	dir string
	// keep is held open as long as this process lives; the parts end when it closes.
	keep  *os.File
	hold  *os.File
	parts []*exec.Cmd
	// died gets the first part that ended by itself.
	died chan string
}

// up starts everything, waits for what it was asked to wait for, and stops everything.
func up(arguments []string) int {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "also write the kubeconfig to this file")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	code, err := live(ctx, *kubeconfig, flags.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "control-plane:", err)
		return 1
	}
	return code
}

func live(ctx context.Context, kubeconfig string, command []string) (int, error) {
	dir, err := os.MkdirTemp("", "control-plane-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	hold, keep, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	plane := &plane{dir: dir, keep: keep, hold: hold, died: make(chan string, 8)}
	defer plane.stop()
	began := time.Now()
	starting, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	ready := make(chan error, 1)
	go func() { ready <- plane.start(starting) }()
	select {
	case err = <-ready:
	case part := <-plane.died:
		cancel()
		<-ready
		err = fmt.Errorf("%s ended:\n%s", part, plane.tail(part))
	}
	if err != nil {
		return 0, err
	}
	config := plane.path("kubeconfig")
	if kubeconfig != "" {
		raw, err := os.ReadFile(config)
		if err == nil {
			err = os.WriteFile(kubeconfig, raw, 0o600)
		}
		if err != nil {
			return 0, err
		}
		config = kubeconfig
		defer os.Remove(kubeconfig)
	}
	fmt.Fprintf(os.Stderr, "control-plane: ready after %.1f s, KUBECONFIG=%s\n", time.Since(began).Seconds(), config)
	return plane.serve(ctx, config, command)
}

// serve runs the command, or waits for the end of standard input.
func (p *plane) serve(ctx context.Context, config string, command []string) (int, error) {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	if len(command) == 0 {
		go func() {
			_, err := io.Copy(io.Discard, os.Stdin)
			ended <- err
		}()
	} else {
		child := exec.CommandContext(running, command[0], command[1:]...)
		child.Env = append(os.Environ(), "KUBECONFIG="+config)
		child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
		child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
		child.WaitDelay = 10 * time.Second
		if err := child.Start(); err != nil {
			return 0, err
		}
		go func() { ended <- child.Wait() }()
	}
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode(), nil
		}
		return 0, err
	case part := <-p.died:
		cancel()
		if len(command) > 0 {
			<-ended
		}
		return 0, fmt.Errorf("%s ended:\n%s", part, p.tail(part))
	case <-ctx.Done():
		if len(command) > 0 {
			<-ended
		}
		return 128 + int(syscall.SIGTERM), nil
	}
}

func (p *plane) path(name string) string { return filepath.Join(p.dir, name) }

// start starts the parts and returns when pods can run.
func (p *plane) start(ctx context.Context) error {
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	clients, peers := loopback("http", ports[0]), loopback("http", ports[1])
	tokens, err := p.credentials(loopback("https", ports[2]))
	if err != nil {
		return err
	}
	if err := p.run("etcd", "--dir="+p.dir, "--clients="+clients, "--peers="+peers); err != nil {
		return err
	}
	if err := p.run("kube-apiserver", p.serverFlags(clients, ports[2], tokens)...); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", p.path("kubeconfig"))
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := until(ctx, "the API server", func(ctx context.Context) bool {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() == nil
	}); err != nil {
		return err
	}
	own := "--kubeconfig=" + p.path("kubeconfig")
	limits := []string{"--kube-api-qps=1000", "--kube-api-burst=2000", "--leader-elect=false", "--secure-port=0"}
	for part, flags := range map[string][]string{
		"kube-controller-manager": append(limits[:4:4], own,
			"--root-ca-file="+p.path("ca.crt"),
			"--service-account-private-key-file="+p.path("accounts.key"),
			"--horizontal-pod-autoscaler-sync-period=2s"),
		"kube-scheduler": append(limits[:4:4], own),
		"kubelet":        {own, "--dir=" + p.dir},
	} {
		if err := p.run(part, flags...); err != nil {
			return err
		}
	}
	return until(ctx, "nodes, accounts and metrics", func(ctx context.Context) bool { return settled(ctx, client) })
}

// settled says whether what every cluster has is there.
func settled(ctx context.Context, client kubernetes.Interface) bool {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil || len(nodes.Items) < nodeCount {
		return false
	}
	for _, node := range nodes.Items {
		if len(node.Spec.Taints) > 0 || !ready(&node) {
			return false
		}
	}
	if _, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{}); err != nil {
		return false
	}
	if _, err := client.CoreV1().ConfigMaps("default").Get(ctx, "kube-root-ca.crt", metav1.GetOptions{}); err != nil {
		return false
	}
	return client.Discovery().RESTClient().Get().AbsPath(metricsPath, "nodes").Do(ctx).Error() == nil
}

func ready(node *corev1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func until(ctx context.Context, what string, done func(context.Context) bool) error {
	err := wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		return done(ctx), nil
	})
	if err != nil {
		return fmt.Errorf("%s did not get ready: %w", what, err)
	}
	return nil
}

// credentials writes certificates, tokens and the kubeconfig; the answer is the file of tokens.
func (p *plane) credentials(server string) (string, error) {
	authority, err := newAuthority(p.dir)
	if err != nil {
		return "", err
	}
	for name, names := range map[string][]string{
		"server":   {"kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		"kubelet":  {metricsService + ".kube-system.svc"},
		"client":   nil,
		"accounts": nil,
	} {
		if err := authority.sign(name, names...); err != nil {
			return "", err
		}
	}
	token := rand.Text()
	tokens := p.path("tokens.csv")
	line := token + ",kubernetes-admin,kubernetes-admin,system:masters\n"
	if err := os.WriteFile(tokens, []byte(line), 0o600); err != nil {
		return "", err
	}
	ca, err := os.ReadFile(p.path("ca.crt"))
	if err != nil {
		return "", err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	config.AuthInfos["admin"] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "admin", Namespace: "default"}
	config.CurrentContext = "test"
	return tokens, clientcmd.WriteToFile(*config, p.path("kubeconfig"))
}

func (p *plane) serverFlags(etcd string, port int, tokens string) []string {
	return []string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port=" + strconv.Itoa(port),
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--authorization-mode=RBAC", "--anonymous-auth=false", "--allow-privileged=true",
		"--token-auth-file=" + tokens,
		"--tls-cert-file=" + p.path("server.crt"), "--tls-private-key-file=" + p.path("server.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + p.path("accounts.key"),
		"--service-account-signing-key-file=" + p.path("accounts.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-certificate-authority=" + p.path("ca.crt"),
		"--kubelet-client-certificate=" + p.path("client.crt"), "--kubelet-client-key=" + p.path("client.key"),
		"--requestheader-client-ca-file=" + p.path("ca.crt"), "--requestheader-allowed-names=client",
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + p.path("client.crt"), "--proxy-client-key-file=" + p.path("client.key"),
	}
}

// run starts a part of this same program; its output goes to NAME.log.
func (p *plane) run(part string, flags ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(p.path(part + ".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(self, append([]string{part}, flags...)...)
	command.Env = append(os.Environ(), directory+"="+p.dir)
	command.Stdout, command.Stderr = log, log
	command.ExtraFiles = []*os.File{p.hold}
	// Of its own group, so that a Ctrl-C in the terminal is `up`'s to answer.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return err
	}
	p.parts = append(p.parts, command)
	go func() {
		_ = command.Wait()
		p.died <- part
	}()
	return nil
}

// stop kills the parts: what they would save is about to be removed.
func (p *plane) stop() {
	for _, part := range p.parts {
		_ = part.Process.Kill()
	}
	for range p.parts {
		select {
		case <-p.died:
		case <-time.After(5 * time.Second):
		}
	}
	_ = p.keep.Close()
}

// tail is the end of a part's log.
func (p *plane) tail(part string) string {
	raw, err := os.ReadFile(p.path(part + ".log"))
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-20):], []byte("\n")))
}

// freePorts finds ports nobody listens on now. Another process may take one before we do: then a part
// ends, and `up` says so.
func freePorts(count int) ([]int, error) {
	var ports []int
	for range count {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func loopback(scheme string, port int) string {
	return strings.Join([]string{scheme, "://127.0.0.1:", strconv.Itoa(port)}, "")
}
