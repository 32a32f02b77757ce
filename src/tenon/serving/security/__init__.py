"""Who asks, what they may do, how much of it, and a line for each in the audit; certificates of the server.

A `Gate` answers for every protocol: an edge gives it the headers (or gRPC's metadata), what is asked and of which
model, and holds the `Admission` until the answer is there. It is made from a `SecurityConfig`, which is one JSON file.
"""

from tenon.serving.security._api_keys import ApiKeyRecord, add_api_key, new_api_key, read_api_keys
from tenon.serving.security._audit_check import AuditSummary, verify_audit
from tenon.serving.security._audit_log import AuditConfig, AuditLog
from tenon.serving.security._audit_records import AuditRecord
from tenon.serving.security._authenticator import Credential
from tenon.serving.security._configuration import SecurityConfig, read_security
from tenon.serving.security._exposure import exposure_warning
from tenon.serving.security._gate import Admission, Gate
from tenon.serving.security._identity import Action, Identity, parse_scopes
from tenon.serving.security._limits import Limit, LimitOverride, Limits
from tenon.serving.security._tls import TlsConfig, TlsMaterial, TlsWatcher
from tenon.serving.security._tokens import JwtIssuer

__all__ = [
    "Action",
    "Admission",
    "ApiKeyRecord",
    "AuditConfig",
    "AuditLog",
    "AuditRecord",
    "AuditSummary",
    "Credential",
    "Gate",
    "Identity",
    "JwtIssuer",
    "Limit",
    "LimitOverride",
    "Limits",
    "SecurityConfig",
    "TlsConfig",
    "TlsMaterial",
    "TlsWatcher",
    "add_api_key",
    "exposure_warning",
    "new_api_key",
    "parse_scopes",
    "read_api_keys",
    "read_security",
    "verify_audit",
]
