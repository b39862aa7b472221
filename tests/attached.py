"""An attachment as the API writes it: the copy of a document that somebody certified."""

from sqlalchemy import text

CERTIFIED = text(
    "INSERT INTO attachments (id, authority_id, profile_id, sha256, size, media_type, kind, uploaded_by,"
    " uploaded_at, certified_by, certified_on) VALUES (:id, :a, :p, :sha, 1, 'application/pdf', 'decision',"
    " :by, :now, 'UBND phường Ba Đình', '2025-01-02') ON CONFLICT (profile_id, sha256) DO NOTHING"
)
