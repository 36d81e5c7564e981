# The commands and their models in Debian, with ALSA and no Swift. `make image` builds the package and this; by hand, after `make deb`:
#
#   docker build -t silif .
#   docker run --rm -i silif --input - < talk.flac
#   docker run --rm --device /dev/snd silif --device hw:CARD=Mic,DEV=0 --wait
#   docker run --rm -i --entrypoint kws-score silif --help
#
# BASE must be the distribution that the package was built on.
ARG BASE=docker.io/library/debian:bookworm-slim
FROM ${BASE}
COPY build/deb/silif_*_*.deb /tmp/
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$(ls /tmp/silif_*_"$(dpkg --print-architecture)".deb)" \
 && rm -rf /var/lib/apt/lists/* /tmp/silif_*.deb \
 && useradd --system --no-create-home --groups audio kws
USER kws
ENTRYPOINT ["kws-listen"]
