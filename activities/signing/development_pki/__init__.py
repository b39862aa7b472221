"""The development PKI: certification authorities, OCSP, CRL and timestamps as a process of their own.

Nothing imports it. What it answers proves how signing works and nothing about anybody; an installation in
earnest names the services of the public-duty authority in its settings instead.
"""
