# The service and the command line, for Neo4j and for the embedded engine.
#   docker build -t cmdb .
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/cmdb
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY cmdb cmdb
COPY graphql graphql
COPY impact impact
COPY importers importers
RUN /opt/cmdb/bin/pip install -c constraints.txt '.[neo4j,client,server,tracing]'

FROM python:3.11-slim
RUN groupadd --gid 10001 cmdb \
    && useradd --uid 10001 --gid 10001 --no-log-init --home-dir /var/lib/cmdb --create-home cmdb \
    && install -d -o cmdb -g cmdb -m 700 /var/lib/cmdb/data /var/lib/cmdb/tmp
COPY --from=build /opt/cmdb /opt/cmdb
ENV PATH=/opt/cmdb/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TMPDIR=/var/lib/cmdb/tmp \
    CMDB_DATA_DIR=/var/lib/cmdb/data \
    CMDB_CACHE_DIR=/var/lib/cmdb/cache \
    CMDB_HOST=0.0.0.0 \
    CMDB_PORT=8080
USER 10001:10001
WORKDIR /var/lib/cmdb
VOLUME /var/lib/cmdb
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['CMDB_PORT'] + '/readyz', timeout=4)"]
ENTRYPOINT ["cmdb"]
CMD ["serve"]
