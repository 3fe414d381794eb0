# Limelight in a container: the command line, the page, or a node of a Ray cluster.
#
#   docker build --target core -t limelight .                    the command line: docker run --rm -v "$PWD:/films" limelight holiday.mp4
#   docker build --target page -t limelight-page .               the page: docker run --rm --network host -v "$PWD:/films" limelight-page
#   docker build --target node -t limelight-node .               a node of a Ray cluster: see compose.yaml
#
# Checked by hadolint; not built where Limelight is made.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE.md ./
COPY src ./src
RUN python -m venv /opt/limelight \
    && /opt/limelight/bin/pip install --no-cache-dir -c constraints.txt .

FROM build AS build-page
RUN /opt/limelight/bin/pip install --no-cache-dir -c constraints.txt ".[page]"

FROM build AS build-node
RUN /opt/limelight/bin/pip install --no-cache-dir -c constraints.txt ".[cluster]" s3fs

FROM python:3.11-slim-bookworm AS base
ENV PATH=/opt/limelight/bin:$PATH PYTHONUNBUFFERED=1 OPENBLAS_NUM_THREADS=1
RUN useradd --create-home --uid 1000 limelight \
    && mkdir /films \
    && chown limelight /films
USER 1000
WORKDIR /films

FROM base AS core
COPY --from=build /opt/limelight /opt/limelight
ENTRYPOINT ["limelight"]
CMD ["--help"]

# The page answers to its own machine alone, so the container shares the host's network.
FROM base AS page
COPY --from=build-page /opt/limelight /opt/limelight
ENTRYPOINT ["limelight"]
CMD ["serve", "--port", "8765", "--no-open"]

FROM base AS node
COPY --from=build-node /opt/limelight /opt/limelight
ENV RAY_USAGE_STATS_ENABLED=0
EXPOSE 6379
ENTRYPOINT ["ray", "start", "--block"]
CMD ["--head", "--port=6379"]
