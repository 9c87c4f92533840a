// Package dockertest starts PostgreSQL in a container for migratortest. Programs that do not import it do not need Docker's
// modules:
//
//	cfg := migratortest.Config{Start: dockertest.Image{}.Start}.New(t, files)
package dockertest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ory/dockertest/v3"
	"github.com/ory/dockertest/v3/docker"

	"example.com/ambix/migrator/internal/pgserver"
)

// Image is an image with PostgreSQL that takes the settings of the official one, POSTGRES_USER and POSTGRES_PASSWORD.
type Image struct {
	// Repository is the name of the image. "": postgres, the official one.
	Repository string
	// Tag is the version. "": of the official image the newest that the engine has, or else 18, so that tests work without a
	// network; of another one "latest". An image that the engine does not have is pulled.
	Tag string
}

// newest is pulled if no version is requested and the engine has no image.
const newest = "18"

const official = "postgres"

type container struct {
	start func() (string, error)
}

// containers are those of this process, by Image: each is started once.
var containers sync.Map

// Start starts a container, and returns the URL of its database as a superuser. The container is removed when this process
// ends, also if it is killed; a later call in this process returns the same URL.
func (i Image) Start() (string, error) {
	c, _ := containers.LoadOrStore(i, &container{sync.OnceValues(i.run)})
	return c.(*container).start()
}

func (i Image) run() (string, error) {
	pool, err := dockertest.NewPool("")
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// NewPool succeeds without an engine.
	if err := pool.Client.PingWithContext(ctx); err != nil {
		return "", err
	}
	i.Repository = cmp.Or(i.Repository, official)
	if err := i.pull(pool.Client); err != nil {
		return "", err
	}
	secret := pgserver.RandomHex(12)
	options := &dockertest.RunOptions{
		Repository:   i.Repository,
		Tag:          i.Tag,
		Env:          []string{"POSTGRES_PASSWORD=" + secret, "POSTGRES_USER=" + pgserver.Superuser, "PGDATA=/pgdata/data"},
		Cmd:          []string{"postgres", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200", "-c", "max_prepared_transactions=100"},
		PortBindings: map[docker.Port][]docker.PortBinding{"5432/tcp": {{HostIP: "127.0.0.1"}}},
	}
	host := remoteHost(pool.Client.Endpoint())
	if host != "" {
		options.PortBindings = nil // any port, on all interfaces of the engine's machine
	}
	resource, err := pool.RunWithOptions(options, func(c *docker.HostConfig) {
		c.AutoRemove = true
		c.Tmpfs = map[string]string{"/pgdata": ""}
	})
	if err != nil {
		return "", fmt.Errorf("%s: %w", i, err)
	}
	stopWithProcess(resource)
	u := &url.URL{
		Scheme: "postgres", User: url.UserPassword(pgserver.Superuser, secret), Path: "/postgres", RawQuery: "sslmode=disable",
		Host: net.JoinHostPort(cmp.Or(host, "127.0.0.1"), resource.GetPort("5432/tcp")),
	}
	shorten := func() error {
		return execute(u.String(), "ALTER ROLE "+pgserver.Superuser+" PASSWORD '"+pgserver.Verifier(secret)+"'")
	}
	if err := pool.Retry(shorten); err != nil {
		return "", errors.Join(fmt.Errorf("%s does not answer: %w", i, err), pool.Purge(resource))
	}
	return u.String(), nil
}

// String returns the name of the image.
func (i Image) String() string { return i.Repository + ":" + i.Tag }

func execute(databaseURL, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgconn.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql).ReadAll()
	return err
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

// pull completes the tag, and pulls the image if the engine does not have it.
func (i *Image) pull(client *docker.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	images, err := client.ListImages(docker.ListImagesOptions{Context: ctx})
	if err != nil {
		return err
	}
	found := 0
	for _, image := range images {
		for _, tag := range image.RepoTags {
			if i.Tag != "" && tag == i.String() {
				return nil
			}
			if m := majorTag.FindStringSubmatch(tag); m != nil {
				major, _ := strconv.Atoi(m[1])
				found = max(found, major)
			}
		}
	}
	switch {
	case i.Tag != "":
	case i.Repository != official:
		i.Tag = "latest"
	case found != 0:
		i.Tag = strconv.Itoa(found)
		return nil
	default:
		i.Tag = newest
	}
	err = client.PullImage(docker.PullImageOptions{Repository: i.Repository, Tag: i.Tag, Context: ctx}, docker.AuthConfiguration{})
	if err != nil {
		return fmt.Errorf("image %s: %w", i, err)
	}
	return nil
}

// remoteHost returns the host of an engine that is reached by network, or "".
func remoteHost(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme == "unix" || u.Scheme == "npipe" {
		return ""
	}
	return u.Hostname()
}
