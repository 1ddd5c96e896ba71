# Packages first and by hash, so that a change of code rebuilds only the last layer.
FROM python:3.12-slim AS build
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_CACHE=1 VIRTUAL_ENV=/opt/aisle
WORKDIR /app
COPY .ci/locks .ci/locks
RUN pip install --no-cache-dir --require-hashes -r .ci/locks/uv.lock \
 && uv venv --python /usr/local/bin/python3 /opt/aisle \
 && uv pip sync --require-hashes --build-constraints .ci/locks/build.lock .ci/locks/runtime.lock .ci/locks/weights.lock
COPY pyproject.toml README.md LICENSE ./
COPY billing billing
COPY integrations integrations
COPY server server
COPY cdn cdn
RUN uv pip install --no-deps --build-constraints .ci/locks/build.lock --editable .

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home aisle && install -d -o aisle -g aisle /data
COPY --from=build /opt/aisle /opt/aisle
COPY --from=build /app /app
ENV PATH=/opt/aisle/bin:$PATH PYTHONUNBUFFERED=1 AISLE_ENV=production AISLE_DATA_DIR=/data
WORKDIR /app
USER aisle
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["aisle"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
