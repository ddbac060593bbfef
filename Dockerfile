# keepgrow with everything its flows need. Build and try it with
#   docker build -t keepgrow .
#   docker run --rm -v "$PWD/firm:/firm" keepgrow run --config keepgrow.toml
# /firm is the firm's folder: the config, the tables it names, and the state folder that keepgrow writes beside them. It
# must be writable for user 1000, or whoever `--user` names.
#
# As a Prefect worker, beside a server (see prefect.yaml; deploy with KEEPGROW_FOLDER=/firm):
#   docker run -d -v "$PWD/firm:/firm" -e PREFECT_API_URL=http://prefect.example:4200/api \
#     --entrypoint prefect keepgrow worker start --pool keepgrow --type process
# Secrets come from the environment (-e, --env-file), which a config reads as ${env:NAME}.
FROM python:3.12-slim

# LightGBM's wheel needs OpenMP, which the slim image lacks.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*

RUN pip install --no-cache-dir uv==0.13.9 \
    && useradd --uid 1000 --create-home keepgrow \
    && mkdir /firm \
    && chown keepgrow /firm

WORKDIR /app
# The image's own Python, and no cache that would only make it larger.
ENV UV_PYTHON_DOWNLOADS=never \
    UV_NO_CACHE=1

# The dependencies first: they change seldom, and so this layer is seldom built anew.
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --locked --no-dev --no-install-project

COPY pipeline/ pipeline/
COPY features/ features/
COPY models/ models/
COPY flows/ flows/
COPY configs/ configs/
RUN uv sync --locked --no-dev --no-editable

# What must be set before LightGBM, MLflow and Prefect are imported; keepgrow's commands set it by themselves.
ENV PATH=/app/.venv/bin:$PATH \
    OMP_WAIT_POLICY=PASSIVE \
    MLFLOW_DISABLE_TELEMETRY=true \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    DO_NOT_TRACK=1

USER keepgrow
VOLUME /firm
WORKDIR /firm
ENTRYPOINT ["keepgrow"]
CMD ["--help"]
