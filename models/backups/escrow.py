"""What whoever restores must bring, in words. No key is in it."""

from models.key_ring import KeyRing, MasterKey

_NOTE = """Bản sao lưu / backup {backup}

KHOÁ CẦN CÓ ĐỂ KHÔI PHỤC / KEYS NEEDED TO RESTORE

1. Khoá chủ (master key), dấu kiểm tra {fingerprint}.
   KHÔNG có trong bản sao lưu này; giữ ở nơi khác, do người khác giữ (HOSO_MASTER_KEY hoặc master.key).
   The master key with check value {fingerprint}: NOT in this backup; kept elsewhere, by somebody else.

2. Chùm khoá keyring.json nằm trong bản sao lưu này, được bọc bằng khoá chủ; gồm các khoá:
   The key ring keyring.json is in this backup, wrapped by the master key; it holds:
{keys}

Không có khoá chủ thì không mở được gì; mất khoá chủ là mất mọi bản sao lưu.
Without the master key nothing here can be opened; losing it loses every backup.

KHÔI PHỤC / RESTORE
  hoso restore <thư mục này / this folder> --into <thư mục trống / an empty folder> \\
      --master-key-file <tệp khoá chủ / file of the master key>
  hoso run --data <thư mục đó / that folder>
  hoso engine rebuild
"""


def master_fingerprint(master: MasterKey) -> str:
    """Which master key is meant, told without telling it: the start of an HMAC under it."""
    return master.check_value


def escrow_note(ring: KeyRing, fingerprint: str, backup_id: str) -> str:
    """The note that lies beside the sealed files, readable before anything is opened."""
    keys = "\n".join(
        f"   {key.id}  ({key.purpose}, {key.made_at:%Y-%m-%d}{', riêng / own' if key.authority_id else ''})"
        for key in ring.keys
    )
    return _NOTE.format(backup=backup_id, fingerprint=fingerprint, keys=keys)
