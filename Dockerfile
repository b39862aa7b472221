# One image for API, workers and migrations; compose says which. Versions and hashes come from requirements.lock.
FROM python:3.11-slim AS environment
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/hoso
COPY requirements.lock /build/
# No dependency resolution here: what the lock names, by hash, and nothing else.
RUN /opt/hoso/bin/pip install --require-hashes --no-deps --only-binary=:all: -r /build/requirements.lock
COPY pyproject.toml README.md LICENSE worker.py /build/
COPY models /build/models
COPY workflows /build/workflows
COPY activities /build/activities
COPY api /build/api
RUN /opt/hoso/bin/pip install --no-deps --no-build-isolation /build

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/hoso --create-home hoso
COPY --from=environment /opt/hoso /opt/hoso
COPY --chown=root:root worker.py /opt/hoso/worker.py
ENV PATH=/opt/hoso/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOSO_DATA=/var/lib/hoso HOSO_LOG_FORMAT=json
USER hoso
WORKDIR /opt/hoso
VOLUME /var/lib/hoso
EXPOSE 8080
CMD ["python", "-m", "uvicorn", "api.app:app", "--host", "0.0.0.0", "--port", "8080", "--loop", "uvloop", "--no-access-log"]
