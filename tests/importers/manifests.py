"""Small manifests for tests."""

from __future__ import annotations

CART = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: cart, tier: web}}
    spec:
      serviceAccountName: cart
      containers:
      - name: server
        image: registry.example:5000/shop/cart:1.2
        ports: [{containerPort: 7070}]
        env:
        - {name: STORE, value: "redis:6379"}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: shop}
spec: {ports: [{port: 6379}], selector: {app: redis}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: shop}
spec:
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers: [{name: redis, image: redis}]
"""


def deployment(name: str, env: str = "[]", namespace: str = "default") -> str:
    return (
        f"---\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{template: {{metadata: {{labels: {{app: {name}}}}}, "
        f"spec: {{containers: [{{name: c, image: i, env: {env}}}]}}}}}}\n"
    )


def service(name: str, app: str = "", namespace: str = "default") -> str:
    selector = f"selector: {{app: {app}}}, " if app else ""
    return (
        f"---\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{{selector}ports: [{{port: 80}}]}}\n"
    )
