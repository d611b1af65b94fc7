package main

import (
	"net/url"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"
)

// etcdCommand runs the store without fsync: nobody reads the data after the test.
func etcdCommand() *cobra.Command {
	var dir, clients, peers string
	command := &cobra.Command{
		Use: "etcd",
		RunE: func(*cobra.Command, []string) error {
			config := embed.NewConfig()
			config.Dir = filepath.Join(dir, "etcd")
			config.UnsafeNoFsync = true
			config.LogLevel = "warn"
			client, err := url.Parse(clients)
			if err != nil {
				return err
			}
			peer, err := url.Parse(peers)
			if err != nil {
				return err
			}
			config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
			config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
			config.InitialCluster = config.InitialClusterFromName(config.Name)
			server, err := embed.StartEtcd(config)
			if err != nil {
				return err
			}
			return <-server.Err()
		},
	}
	command.Flags().StringVar(&dir, "dir", "", "where the data goes")
	command.Flags().StringVar(&clients, "clients", "", "the address for clients")
	command.Flags().StringVar(&peers, "peers", "", "the address for peers, of which there are none")
	return command
}
