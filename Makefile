# The commands of the house. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON := .venv/bin/python
LOCK := uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11

.PHONY: help demo transcribe test up down clean-dev images install venv lint types verify generate docs unit validators argocd charts page integration integration-cluster integration-runner watched-folder page-pictures e2e bench-runner bench-operator bench-service chaos lock

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

demo: ## a cluster, the operator and a first job, from nothing to transcripts
	@python3 -m dev.demo

transcribe: ## your recordings through that cluster: make transcribe FILES="own.wav other.mp3"
	@FILES="$${FILES:-}" python3 -m dev.transcribe

up: ## start the cluster of this checkout, with both images as the code is now (see dev/README.md)
	@python3 -m dev.cluster up

down: ## stop it and clean up
	@python3 -m dev.cluster down

clean-dev: ## stop it and delete all that it keeps, programs and images too
	@python3 -m dev.cluster clean --cache

images: ## only the images, after a change of code
	@python3 -m dev.cluster images

install: ## install or upgrade the operator from its chart
	@source .dev/env; python3 -m dev.install

test: venv ## everything that CI runs
	@bash dev/test.sh

lint: venv ## style, and the arrows between the rooms
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/lint-imports

types: venv ## mypy, strict
	@.venv/bin/mypy

generate: venv ## write the CRD, the JSON Schemas, the chart's copy and the references of API and metrics from the code, and what ArgoCD is given
	@$(PYTHON) -m transcription_api.generate .
	@$(PYTHON) -m dev.metrics_reference .
	@$(PYTHON) -m tests.argocd.generate .

verify: venv ## fail if a generated file does not match its source
	@$(PYTHON) -m transcription_api.generate . --check
	@$(PYTHON) -m dev.metrics_reference . --check
	@$(PYTHON) -m tests.argocd.generate . --check

docs: venv ## the documentation as a website in build/docs; a warning is a failure
	@$(PYTHON) -m sphinx -q -W --keep-going -c docs . build/docs

unit: venv ## pure tests, no processes
	@.venv/bin/pytest -q tests/unit

rules: ## the chart's Prometheus rules, checked and tested by promtool (of Debian's package prometheus, unless it is on PATH)
	@python3 -m dev.rules

validators: venv ## the five formats through every validator; needs Node.js and npm
	@.venv/bin/pytest -q tests/validators

# The flags are those of dev/cluster/programs.py: what the cluster's programs were compiled with is found, and this takes seconds.
# -count=1: Go remembers results by the files of the module, and the checks lie outside.
argocd: ## our conditions as ArgoCD's health checks and Helm's --wait read them; needs Go
	@cd tests/argocd && CGO_ENABLED=0 GOWORK=off go test -count=1 -vet=off -trimpath -buildvcs=false -gcflags=all=-dwarf=false ./...

charts: venv ## every rendering of the chart against Kubernetes' own schemas, and its critics; needs `make up` for helm
	@.venv/bin/pytest -q tests/charts

page: venv ## the service's page in Chromium (Debian's package); needs Node.js, npm and the real Whisper of `make up`
	@.venv/bin/pytest -q tests/page

page-pictures: venv ## the same, with the pictures of docs/page.md taken anew; better with the package fonts-inter
	@PICTURES=1 .venv/bin/pytest -q tests/page/test_real_sound.py

bench-runner: venv ## our runner beside the whisperx command; 115 minutes on two quiet cores (benchmarks/README.md)
	@$(PYTHON) -m benchmarks.runner

bench-operator: venv ## the operator beside a plain client, on the running cluster; 30 minutes on two quiet cores (benchmarks/README.md)
	@set -a; source .dev/env; set +a; $(PYTHON) -m benchmarks.operator

bench-service: venv ## the service beside itself and beside a wrapper of stock whisperx; 66 minutes on two quiet cores (benchmarks/README.md)
	@$(PYTHON) -m benchmarks.service

chaos: venv ## kill, cut and crowd the operator on the running cluster, and count the jobs that suffered; 21 minutes
	@set -a; source .dev/env; set +a; $(PYTHON) -m benchmarks.chaos

integration: venv ## real API server, real S3, both halves side by side; needs `make up`
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target integration-cluster integration-runner

integration-cluster: venv ## of these, the tests of the operator and the CRDs, which mostly wait for the cluster
	@set -a; source .dev/env; set +a; .venv/bin/pytest -q tests/integration --ignore tests/integration/runner \
		--ignore tests/integration/operator/test_watched_folder.py

# test_vad.py has a process of its own: beside all others two of its comparisons with whisperx failed once in two runs, cause unknown.
integration-runner: venv ## the tests of the runner, which work hard and give way to the others
	@set -a; source .dev/env; set +a; nice -n 5 .venv/bin/pytest -q tests/integration/runner/test_vad.py
	@set -a; source .dev/env; set +a; nice -n 5 .venv/bin/pytest -q tests/integration/runner --ignore tests/integration/runner/test_vad.py

watched-folder: venv ## 1,000 files that arrive in a folder with a schedule; four minutes, so not part of `make test`; needs `make up`
	@set -a; source .dev/env; set +a; .venv/bin/pytest -q tests/integration/operator/test_watched_folder.py

e2e: venv ## real pods from real images; needs `make up install`
	@set -a; source .dev/env; set +a; .venv/bin/pytest -q tests/e2e

venv: .venv/.installed ## the Python environment for working on the code

.venv/.installed: requirements/operator.txt requirements/runner.txt requirements/dev.txt pyproject.toml
	@bash dev/venv.sh

lock: ## bring the locks up to date with pyproject.toml
	@$(LOCK) --extra runner pyproject.toml -o requirements/runner.txt
	@$(LOCK) --extra operator -c requirements/runner.txt pyproject.toml -o requirements/operator.txt
	@$(LOCK) --extra demo -c requirements/runner.txt pyproject.toml -o requirements/demo.txt
	@$(LOCK) --extra dev --extra docs --extra notebooks -c requirements/runner.txt -c requirements/operator.txt pyproject.toml -o requirements/dev.txt
