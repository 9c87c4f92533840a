# The program with its revisions, alone in an image: an init container, a job, or `docker run`.
#
#   docker build --build-arg VERSION=1.4.0 -t store-migrations:1.4.0 .
#
# With --build-arg PACKAGE=./cmd/ambix it is the program without revisions, which reads those in /sql: an image of yours
# adds them with COPY sql /sql.
#
# Behind a module proxy: --build-arg GOPROXY=https://…, and --network host when it is only reachable from the host.
FROM golang:1.26 AS build
ARG GOPROXY
ARG GOSUMDB
ARG GONOSUMDB
# The version that the ledger records for every run.
ARG VERSION
ARG PACKAGE=.
ENV CGO_ENABLED=0
WORKDIR /src
COPY . .
RUN go build -trimpath -ldflags="-s -w -X main.version=$VERSION" -o /app "$PACKAGE"
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
