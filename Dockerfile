# The program with its revisions, alone in an image: an init container, a job, or `docker run`.
#
#   docker build -t store-migrations .
#
# Behind a module proxy: --build-arg GOPROXY=https://…, and --network host when it is only reachable from the host.
FROM golang:1.26 AS build
ARG GOPROXY
ARG GOSUMDB
ARG GONOSUMDB
ENV CGO_ENABLED=0
WORKDIR /src
COPY . .
RUN go build -trimpath -ldflags="-s -w" -o /app .
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
