package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/ory/dockertest/v3"
	"github.com/ory/dockertest/v3/docker"
)

// newestImage is pulled if no version is requested and the engine has no image.
const newestImage = 18

// dockerServer starts a container that is removed when this process ends.
func dockerServer(version int) (*Server, error) {
	pool, err := dockertest.NewPool("")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// NewPool succeeds without an engine.
	if err := pool.Client.PingWithContext(ctx); err != nil {
		return nil, err
	}
	tag, err := image(pool.Client, version)
	if err != nil {
		return nil, err
	}
	options := &dockertest.RunOptions{
		Repository:   "postgres",
		Tag:          tag,
		Env:          []string{"POSTGRES_PASSWORD=" + password(), "POSTGRES_USER=" + superuser, "PGDATA=/pgdata/data"},
		Cmd:          []string{"postgres", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "max_prepared_transactions=100"},
		PortBindings: map[docker.Port][]docker.PortBinding{"5432/tcp": {{HostIP: "127.0.0.1"}}},
	}
	host := remoteHost(pool.Client.Endpoint())
	if host != "" {
		options.PortBindings = nil // any port, on all interfaces of the engine's machine
	}
	container, err := pool.RunWithOptions(options, func(c *docker.HostConfig) {
		c.AutoRemove = true
		c.Tmpfs = map[string]string{"/pgdata": ""}
	})
	if err != nil {
		return nil, fmt.Errorf("postgres:%s: %w", tag, err)
	}
	stopWithProcess(container)
	if host == "" {
		host = "127.0.0.1"
	}
	s := &Server{admin: &url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, password()), Path: "/postgres", RawQuery: "sslmode=disable",
		Host: net.JoinHostPort(host, container.GetPort("5432/tcp")),
	}}
	if err := pool.Retry(s.readVersion); err != nil {
		return nil, errors.Join(fmt.Errorf("postgres:%s does not answer: %w", tag, err), pool.Purge(container))
	}
	_, err = run(s.admin.String(), "ALTER ROLE "+superuser+" PASSWORD '"+verifier(password())+"'")
	return s, err
}

// stopWithProcess stops the container when this process ends. It runs a shell in it whose
// standard input the engine closes when our connection ends; the shell then signals the
// server, which is process 1.
func stopWithProcess(container *dockertest.Resource) {
	input, _ := io.Pipe() // never written to, never closed
	go func() {
		_, _ = container.Exec([]string{"sh", "-c", "cat >/dev/null; while kill -QUIT 1; do sleep 0.2; done"}, dockertest.ExecOptions{StdIn: input})
	}()
}

var majorTag = regexp.MustCompile(`^postgres:(\d+)$`)

// image returns the tag to run: the requested version, else the newest that the engine has,
// so that it works offline.
func image(client *docker.Client, version int) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	images, err := client.ListImages(docker.ListImagesOptions{Context: ctx})
	if err != nil {
		return "", err
	}
	newest := 0
	for _, image := range images {
		for _, tag := range image.RepoTags {
			if m := majorTag.FindStringSubmatch(tag); m != nil {
				major, _ := strconv.Atoi(m[1])
				if major == version {
					return m[1], nil
				}
				newest = max(newest, major)
			}
		}
	}
	if version == 0 && newest != 0 {
		return strconv.Itoa(newest), nil
	}
	if version == 0 {
		version = newestImage
	}
	tag := strconv.Itoa(version)
	err = client.PullImage(docker.PullImageOptions{Repository: "postgres", Tag: tag, Context: ctx}, docker.AuthConfiguration{})
	if err != nil {
		return "", fmt.Errorf("image postgres:%s: %w", tag, err)
	}
	return tag, nil
}

// remoteHost returns the host of an engine that is reached by network, or "".
func remoteHost(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme == "unix" || u.Scheme == "npipe" {
		return ""
	}
	return u.Hostname()
}
