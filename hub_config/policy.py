"""What browsers let pages of the Hub, of dashboards and of Labs do: run what they are given, and speak to nobody else.

Jupyter's front ends write scripts into their pages and evaluate some (schemas, widgets' modules from ``blob:``), so
scripts cannot be held to a list. Where they may send what they see can: no address but this origin's is asked, by
whatever a notebook's output says, and no form is sent elsewhere.
"""

__all__ = ["CONTENT_SECURITY_POLICY"]

_ALLOWED = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{what} {whence}" for what, whence in _ALLOWED.items())
