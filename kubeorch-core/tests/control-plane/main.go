// Command control-plane is a Kubernetes control plane for tests, in one program: upstream's own API
// server, controller manager, scheduler and etcd as subcommands, and a kubelet that only pretends.
//
//	control-plane up [--kubeconfig FILE] [-- COMMAND ARGUMENT...]
//
// starts all of it on loopback, runs the command with KUBECONFIG set, ends with its exit code and leaves
// nothing behind. Without a command it stays until its standard input ends or a signal comes.
//
// Every part is a process of its own, because two of them insist on handling the process's signals.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: control-plane up [--kubeconfig FILE] [-- COMMAND ARGUMENT...]")
		os.Exit(2)
	}
	part, arguments := os.Args[1], os.Args[2:]
	if part == "up" {
		os.Exit(up(arguments))
	}
	endWithParent(part == "etcd")
	parts := map[string]func() *cobra.Command{
		"kube-apiserver":          apiserver.NewAPIServerCommand,
		"kube-controller-manager": controllers.NewControllerManagerCommand,
		"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
		"etcd":                    etcdCommand,
		"kubelet":                 kubeletCommand,
	}
	command, known := parts[part]
	if !known {
		fmt.Fprintf(os.Stderr, "control-plane: there is no %q; see control-plane without arguments\n", part)
		os.Exit(2)
	}
	ready := command()
	ready.SetArgs(arguments)
	os.Exit(cli.Run(ready))
}

// endWithParent ends this process when `up` is gone, however it went: the pipe it holds the other end
// of closes. One part also removes the directory, for an `up` that was killed could not.
func endWithParent(last bool) {
	pipe := os.NewFile(3, "parent")
	if _, err := pipe.Stat(); err != nil {
		fmt.Fprintln(os.Stderr, "control-plane: the parts are started by `up` only")
		os.Exit(2)
	}
	go func() {
		_, _ = pipe.Read(make([]byte, 1))
		if last {
			_ = os.RemoveAll(os.Getenv(directory))
		}
		os.Exit(1)
	}()
}
