"""What was found in a file, in words."""

FOUND = {
    "javascript": ("mã JavaScript", "JavaScript"),
    "launch": ("lệnh mở chương trình", "an action that starts a program"),
    "import-data": ("lệnh nạp dữ liệu từ tệp khác", "an action that imports data"),
    "program": ("tệp chương trình đính kèm", "an embedded program"),
    "submit-form": ("lệnh gửi dữ liệu biểu mẫu ra ngoài", "an action that sends form data elsewhere"),
    "embedded-target": ("liên kết tới tệp nằm trong tệp này", "a link into an embedded file"),
    "embedded-file": ("tệp khác nằm trong tệp này", "an embedded file"),
    "multimedia": ("âm thanh, phim hoặc hình ba chiều", "sound, film or three-dimensional content"),
    "dynamic-form": ("biểu mẫu động XFA", "a dynamic form (XFA)"),
    "pixels": ("ảnh quá nhiều điểm ảnh", "too many pixels"),
    "objects": ("quá nhiều đối tượng", "too many objects"),
    "memory": ("cần quá nhiều bộ nhớ", "too much memory needed"),
    "time": ("mở quá lâu", "it takes too long to open"),
    "limits": ("vượt giới hạn khi mở", "limits exceeded while opening"),
    "exif": ("thông tin máy chụp (EXIF)", "data of the camera (EXIF)"),
    "location": ("nơi chụp", "the place"),
    "xmp": ("thông tin XMP", "XMP metadata"),
    "other": ("dữ liệu kèm theo ảnh", "other data beside the picture"),
}
"""Code → (Vietnamese, English): of refusals, of findings, and of what was not kept."""


def words(codes: tuple[str, ...], *, english: bool = False) -> str:
    """The codes in words, separated by semicolons."""
    return "; ".join(FOUND[code][english] for code in codes)
