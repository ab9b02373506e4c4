"""Writes what is made from other files in deploy/argocd: `python -m tests.argocd.generate ROOT [--check]`.

From the health checks, argocd-cm.yaml, which a cluster's administrator merges into ArgoCD's own ConfigMap. From the operator's
decisions, the states that these checks are tested on.
"""

import sys
from pathlib import Path

import yaml

from tests.argocd.states import states
from transcription_api.names import GROUP

HEALTH = Path("deploy/argocd/health")
CONFIG_MAP = Path("deploy/argocd/argocd-cm.yaml")

_CONFIG_MAP_NOTICE = f"""\
# Generated from the health checks in {HEALTH} by `make generate`; do not edit.
# To be merged into the ConfigMap that ArgoCD has already: see docs/gitops.md.
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
  namespace: argocd
  labels:
    app.kubernetes.io/name: argocd-cm
    app.kubernetes.io/part-of: argocd
data:
"""
_STATE_NOTICE = "# Generated from tests/argocd/states.py by `make generate`; do not edit.\n"


def generated_files(root: Path) -> dict[str, str]:
    """Path below the repository's root -> text."""
    files = {
        str(CONFIG_MAP): _CONFIG_MAP_NOTICE + "".join(_entry(check) for check in sorted((root / HEALTH).glob("*/*/health.lua")))
    }
    for kind, named in states().items():
        for name, state in named.items():
            text = yaml.safe_dump(state, sort_keys=False, width=110, allow_unicode=True)
            files[str(HEALTH / GROUP / kind / "testdata" / f"{name}.yaml")] = _STATE_NOTICE + text
    return files


def _entry(check: Path) -> str:
    """One key of the ConfigMap: ArgoCD finds a kind's health check by group and kind."""
    group, kind = check.parts[-3:-1]
    lines = check.read_text(encoding="utf-8").splitlines()
    return f"  resource.customizations.health.{group}_{kind}: |\n" + "".join(f"    {line}".rstrip() + "\n" for line in lines)


def stale(root: Path) -> list[str]:
    """Generated files that are missing or hold another text, and states that nothing generates any more."""
    files = generated_files(root)
    left = {str(path.relative_to(root)) for path in (root / HEALTH / GROUP).glob("*/testdata/*.yaml")} - set(files)
    return sorted(left) + [path for path, text in files.items() if not _holds(root / path, text)]


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def main() -> None:
    """Write all below the folder given first; with `--check`, fail where one differs instead."""
    root = Path(sys.argv[1])
    if "--check" in sys.argv[2:]:
        if found := stale(root):
            sys.exit(f"not what it is made from, run `make generate`: {', '.join(found)}")
        return
    for path, text in generated_files(root).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
