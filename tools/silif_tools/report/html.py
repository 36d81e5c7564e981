"""Small pieces of HTML; every text that comes from outside passes through `escape`."""

from html import escape

__all__ = ["escape", "figure", "table"]


def table(head: list[str], rows: list[list], numeric_from: int = 1) -> str:
    """Columns from `numeric_from` on are set right."""

    def row(cells, tag):
        right = [' class="n"' if index >= numeric_from else "" for index in range(len(cells))]
        marked = (f"<{tag}{side}>{escape(str(cell))}</{tag}>" for cell, side in zip(cells, right, strict=True))
        return f"<tr>{''.join(marked)}</tr>"

    body = "\n".join(row(cells, "td") for cells in rows)
    return f'<div class="scroll"><table><thead>{row(head, "th")}</thead>\n<tbody>\n{body}\n</tbody></table></div>'


def figure(plot: tuple[str, str]) -> str:
    """plot: (SVG, caption)."""
    picture, caption = plot
    label = escape(caption, quote=True)
    picture = picture.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"
