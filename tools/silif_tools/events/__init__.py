"""Event data: spike recordings (SHD, SSC) as frames."""
