# docker build -t callbook . && docker run -p 8080:8080 -v callbook:/data callbook
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# As scripts/dist builds it; the version comes from .git.
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=true -ldflags='-s -w' -o /out/usr/bin/callbook ./cmd/callbook
# The server's user owns its folder, and so a new volume there. Callbacks over HTTPS need
# the certificates.
RUN mkdir -p /out/data /out/etc/ssl/certs && cp /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ && \
    chmod 700 /out/data && chown 65532:65532 /out/data

FROM scratch
COPY --from=build /out/ /
USER 65532:65532
ENV CALLBOOK_DB=/data/callbook.db CALLBOOK_ADDR=:8080
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["/usr/bin/callbook", "health"]
ENTRYPOINT ["/usr/bin/callbook"]
CMD ["serve"]
