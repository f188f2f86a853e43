# The service's image (`web`, the last stage and so the default), and one that can make back-ups (`backup`).
# The packages are installed where pip is, and copied to where it is not needed.
FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements.txt \
    && /venv/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm AS web
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 BIND_ADDRESS=0.0.0.0
RUN useradd --system --uid 10001 --no-create-home tokpik
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py gunicorn.conf.py ./
COPY tokpik tokpik
COPY topics topics
COPY accounts accounts
COPY scraps scraps
COPY notifications notifications
COPY locale locale
# Nothing is checked while static files are collected: no secret is needed to build the image.
RUN python manage.py collectstatic --noinput --skip-checks -v0
# A volume takes its owner from here.
RUN mkdir /backups && chown tokpik /backups
USER tokpik
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT') or 8000}/livez\", timeout=2)"]
# A wrong configuration stops the start with a sentence that names it.
CMD ["sh", "-c", "python manage.py check --deploy --fail-level WARNING --database default && exec gunicorn tokpik.wsgi:application"]

# pg_dump and pg_restore must not be older than the server: those of PostgreSQL's own packages, of the version of compose.yaml.
FROM web AS backup
USER root
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-common ca-certificates \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install -y --no-install-recommends postgresql-client-18 \
    && rm -rf /var/lib/apt/lists/*
USER tokpik
HEALTHCHECK NONE
CMD ["python", "manage.py", "backup", "--daily"]

FROM web
