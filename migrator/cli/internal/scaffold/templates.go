package scaffold

// The contents of the files. main.go and embed.go are those of this module itself.

const mainText = `// The program: the revisions below sql/ and the command line that applies them, in one
// static binary. Run ` + "`go run . migrate up`, or `go run . migrate --help`" + `.
package main

import (
	"os"

	"example.com/ambix/migrator/cli"
)

// version is set by the build: go build -ldflags "-X main.version=1.4.0". Without it, it is the version that Go records.
var version string

func main() {
	os.Exit(cli.Main(cli.Config{FS: files, Version: version}))
}
`

const embedText = `package main

import "embed"

// files are the revisions, in folders of any depth. The pattern names the folder, not
// *.sql: that would miss the folders below, take files beginning with . or _ (an
// editor's), and break the build while there is no revision. sql/README.md keeps the
// folder from being empty, which would break it too.
//
//go:embed sql
var files embed.FS
`

const dockerfileText = ` AS build
ARG GOPROXY
ARG GOSUMDB
ARG GONOSUMDB
# The version that the ledger records for every run.
ARG VERSION
ENV CGO_ENABLED=0
WORKDIR /src
COPY . .
RUN go build -trimpath -ldflags="-s -w -X main.version=$VERSION" -o /app .
# The certificate authorities, for servers whose certificate is to be verified.
RUN cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" /ca-certificates.crt

FROM scratch
COPY --from=build /app /app
COPY --from=build /ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# No name: there is no /etc/passwd. Kubernetes' runAsNonRoot wants a number.
USER 65532:65532
# A database that starts together with this container is waited for.
ENV MIGRATE_WAIT=60s
ENTRYPOINT ["/app"]
CMD ["migrate", "up"]
`

const dockerignoreText = `# Not needed to build the program.
.git
/app
`

const readmeText = `

The revisions of this project, embedded into the program by ` + "`embed.go`" + `. Keep this file:
Go cannot embed an empty folder.

Create a revision with ` + "`go run . migrate revision -m \"create account table\"`" + `, apply pending
revisions with ` + "`go run . migrate up`" + `, and list them with ` + "`go run . migrate history`" + `.
`
