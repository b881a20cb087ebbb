"""A picture of a crop map beside the satellite image it was made from, with a legend; drawn by QGIS."""

from qgis.core import QgsMapRendererParallelJob, QgsMapSettings, QgsScaleCalculator, QgsUnitTypes
from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

WIDEST, NARROWEST, TALLEST, LOWEST = 960, 700, 1240, 430  # of a map, in pixels
MARGIN, GAP = 48, 32
INK, PALE, RULE = QColor("#1f2933"), QColor("#5f6c7b"), QColor("#c9d1d9")
AMBER = QColor("#f2a900")
DPI = 96


def draw(crops, image, parcels, words):
    """The picture.

    Parameters
    ----------
    crops : QgsRasterLayer
        With a paletted renderer.
    image : QgsRasterLayer
    parcels : QgsVectorLayer
        Drawn on the image.
    words : dict of str to str
        title, subtitle, left, note, right, badge.

    Returns
    -------
    QImage
    """
    extent = crops.extent()
    size = map_size(extent)
    width = 2 * size.width() + GAP
    entries = [(item.label, item.color) for item in crops.renderer().classes()]
    legend = Legend(entries, width)
    top = 186
    picture = QImage(width + 2 * MARGIN, top + size.height() + legend.height + 2 * MARGIN,
                     QImage.Format.Format_RGB32)
    picture.fill(QColor("white"))
    painter = QPainter(picture)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    draw_heading(painter, picture.width(), words)
    right = MARGIN + size.width() + GAP
    for left, caption, note, layers in ((MARGIN, words["left"], words["note"], [parcels, image]),
                                        (right, words["right"], "", [crops])):
        settings = map_settings(layers, extent, crops.crs(), size)
        painter.drawImage(QPointF(left, top), rendered(settings))
        painter.setPen(QPen(RULE, 1))
        painter.drawRect(QRectF(left - 0.5, top - 0.5, size.width() + 1, size.height() + 1))
        draw_caption(painter, QRectF(left, top - 18, size.width(), 0), caption, note)
    draw_scale_bar(painter, right, top + size.height(), map_settings([crops], extent, crops.crs(), size))
    legend.draw(painter, MARGIN, top + size.height() + MARGIN)
    painter.end()
    return picture


def map_size(extent):
    """Of the shape of the extent, unless that is very long or very wide."""
    shape = extent.height() / extent.width()
    width = min(WIDEST, max(NARROWEST, TALLEST / shape))
    return QSize(round(width), round(min(TALLEST, max(LOWEST, width * shape))))


def map_settings(layers, extent, crs, size):
    """What QGIS needs to know to draw a map."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(crs)
    settings.setExtent(extent)
    settings.setOutputSize(size)
    settings.setOutputDpi(DPI)
    settings.setBackgroundColor(QColor("#eef1f4"))
    settings.setFlag(QgsMapSettings.Flag.Antialiasing, True)
    return settings


def rendered(settings):
    """The map as an image."""
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def font(pixels, bold=False):
    """The font of the picture; every Debian with QGIS has it."""
    chosen = QFont("DejaVu Sans")
    chosen.setPixelSize(pixels)
    chosen.setBold(bold)
    return chosen


def write(painter, x, baseline, text, letters, colour=INK):
    """Write a line, and say where it ends."""
    painter.setFont(letters)
    painter.setPen(colour)
    painter.drawText(QPointF(x, baseline), text)
    return x + width_of(text, letters)


def width_of(text, letters):
    """Pixels."""
    return QFontMetricsF(letters).horizontalAdvance(text)


def draw_heading(painter, width, words):
    """Title, subtitle and, on the right, the badge."""
    write(painter, MARGIN, MARGIN + 34, words["title"], font(40, bold=True))
    write(painter, MARGIN, MARGIN + 76, words["subtitle"], font(23), PALE)
    if words["badge"]:
        letters = font(22, bold=True)
        box = QRectF(width - MARGIN - width_of(words["badge"], letters) - 36, MARGIN, 0, 42)
        box.setRight(width - MARGIN)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(AMBER)
        painter.drawRoundedRect(box, 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setFont(letters)
        painter.setPen(INK)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words["badge"])


def draw_caption(painter, line, caption, note):
    """What a map shows, above it; the note where there is room."""
    end = write(painter, line.left(), line.top(), caption, font(24, bold=True)) + 16
    if end + width_of(note, font(20)) <= line.right():
        write(painter, end, line.top(), note, font(20), PALE)


def draw_scale_bar(painter, left, bottom, settings):
    """A round distance, in the lower left corner of a map."""
    metres = settings.extent().width() * metres_per_unit(settings)
    pixel = metres / settings.outputSize().width()
    length = max(nice for exponent in range(8) for nice in (10 ** exponent, 2 * 10 ** exponent, 5 * 10 ** exponent)
                 if nice <= max(metres / 4, 1))
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length} m"
    letters = font(20, bold=True)
    box = QRectF(left + 16, bottom - 62, length / pixel + 32, 46)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(255, 255, 255, 225))
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(INK)
    painter.drawRect(QRectF(box.left() + 16, box.bottom() - 14, length / pixel, 5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    write(painter, box.center().x() - width_of(text, letters) / 2, box.bottom() - 20, text, letters)


def metres_per_unit(settings):
    """Of the map, in its middle."""
    if settings.mapUnits() != QgsUnitTypes.DistanceUnit.DistanceDegrees:
        return QgsUnitTypes.fromUnitToUnitFactor(settings.mapUnits(), QgsUnitTypes.DistanceUnit.DistanceMeters)
    calculator = QgsScaleCalculator(DPI, settings.mapUnits())
    return calculator.calculateGeographicDistance(settings.extent()) / settings.extent().width()


class Legend:
    """Names and colours, in columns that are filled downwards.

    Parameters
    ----------
    entries : list of (str, QColor)
    width : float
        Pixels.
    """

    LETTERS = font(22)
    ROW, SWATCH = 42, QRectF(0, 0, 44, 26)

    def __init__(self, entries, width):
        self._entries = entries
        widest = max(width_of(name, self.LETTERS) for name, _ in entries) + self.SWATCH.width() + 52
        columns = max(1, min(int(width // widest), len(entries)))
        self._rows = -(-len(entries) // columns)
        self._column = width / -(-len(entries) // self._rows)
        self.height = self._rows * self.ROW

    def draw(self, painter, x, y):
        """Draw it with its upper left corner there."""
        for number, (name, colour) in enumerate(self._entries):
            column, row = divmod(number, self._rows)
            swatch = self.SWATCH.translated(x + column * self._column, y + row * self.ROW)
            painter.setPen(QPen(colour.darker(140), 1))
            painter.setBrush(colour)
            painter.drawRoundedRect(swatch, 4, 4)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            write(painter, swatch.right() + 14, swatch.bottom() - 5, name, self.LETTERS)
