# The web server's image. Two stages: the packages are installed where pip is, and copied to where it is not needed.
FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements.txt \
    && /venv/bin/pip uninstall --yes pip setuptools

FROM python:3.11-slim-bookworm
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
USER tokpik
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT') or 8000}/livez\", timeout=2)"]
# A wrong configuration stops the start with a sentence that names it.
CMD ["sh", "-c", "python manage.py check --deploy --fail-level WARNING --database default && exec gunicorn tokpik.wsgi:application"]
