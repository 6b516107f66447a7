# The image for those who have an engine: docker build --tag alertkube:v0.1.0 .
# `cargo xtask image` makes the same one without; xtask/src/image/contents.rs is the list, and a test holds this file to it.
FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist --package alertkube

# What the image is made of, under one folder: the program, the C library that it is linked with, and certificates.
FROM build AS image
# On arm64: LIBRARIES=/lib/aarch64-linux-gnu and LOADER=/lib/ld-linux-aarch64.so.1
ARG LIBRARIES=/lib/x86_64-linux-gnu
ARG LOADER=/lib64/ld-linux-x86-64.so.2
COPY --from=build /src/target/dist/alertkube /image/usr/bin/alertkube
COPY --from=build $LOADER /image$LOADER
COPY --from=build $LIBRARIES/libc.so.6 /image$LIBRARIES/libc.so.6
COPY --from=build $LIBRARIES/libgcc_s.so.1 /image$LIBRARIES/libgcc_s.so.1
COPY --from=build $LIBRARIES/libm.so.6 /image$LIBRARIES/libm.so.6
COPY --from=build /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt
COPY xtask/image/passwd /image/etc/passwd
COPY xtask/image/group /image/etc/group
COPY xtask/image/nsswitch.conf /image/etc/nsswitch.conf
RUN ln -s alertkube /image/usr/bin/wget

FROM scratch
COPY --from=image /image/ /
USER 65532:65532
ENV PATH=/usr/bin
WORKDIR /
EXPOSE 9090
ENTRYPOINT ["/usr/bin/alertkube"]
