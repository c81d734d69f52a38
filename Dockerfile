# docker build -t ptero-conformance .
# docker run --rm -e PTERO_KEY_CLIENT ptero-conformance run https://staging.example.com
FROM rust:1-alpine AS build
RUN apk add --no-cache bash file musl-dev
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin ptero-conformance \
    && install -D -m 755 target/release/ptero-conformance /out/ptero-conformance \
    && file /out/ptero-conformance | grep -E 'static(ally|-pie) linked' \
    && install -d -m 700 -o 65532 -g 65532 /out/state

FROM scratch
COPY --from=build /out/ptero-conformance /ptero-conformance
COPY --from=build --chown=65532:65532 /out/state /state
USER 65532:65532
# The journal of created keys; mount a volume here where keys are created.
ENV PTERO_STATE_DIR=/state
ENTRYPOINT ["/ptero-conformance"]
