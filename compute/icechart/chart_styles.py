"""QGIS styles of prepared charts: classes of a legend, and shipped styles in WMO colours.

The QML is compatible with QGIS 3.22 and later.
"""

from ..raster.raster_styles import quoted, shipped_style

LAND, SHELF, NO_CLASS = (230, 220, 200), (220, 235, 240), (222, 222, 224)
OUTLINE = "70,70,70,160"
_FRAME = """<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology">
  <renderer-v2 type="RuleRenderer" symbollevels="0" enableorderby="0" forceraster="0">
    <rules key="{{f10ef1e1-0000-4000-8000-000000000000}}">
{rules}
    </rules>
    <symbols>
{symbols}
    </symbols>
  </renderer-v2>
  <blendMode>0</blendMode>
  <featureBlendMode>0</featureBlendMode>
  <layerOpacity>1</layerOpacity>
</qgis>
"""


def class_qml(legend):
    """Return a style with the classes of a legend, land, ice shelf, and polygons without a class.

    Parameters
    ----------
    legend : Legend

    Returns
    -------
    str
    """
    entries = [(f'"class_value" = {each.value}', each.label, each.colour) for each in legend.classes]
    entries += [('"class_value" = 0 AND "poly_type" = \'L\'', "Land", LAND),
                ('"class_value" = 0 AND "poly_type" = \'S\'', "Ice shelf", SHELF),
                ("ELSE", "No class", NO_CLASS)]
    return rules_qml(entries)


def rules_qml(entries):
    """Return a rule-based polygon style.

    Parameters
    ----------
    entries : list of (str, str, tuple of int)
        Filter, label and colour; the filter ``ELSE`` applies to the remaining polygons.

    Returns
    -------
    str
    """
    rules = "\n".join(
        f'      <rule key="{{f10ef1e1-0000-4000-8000-{number + 1:012x}}}" symbol="{number}" filter={quoted(condition)} '
        f"label={quoted(label)}/>" for number, (condition, label, _) in enumerate(entries))
    symbols = "\n".join(_symbol(number, colour) for number, (_, _, colour) in enumerate(entries))
    return _FRAME.format(rules=rules, symbols=symbols)


def chart_styles(legend):
    """Return all styles of a prepared chart.

    Returns
    -------
    dict of str to str
        QML by name: class, stage, concentration.
    """
    return {"class": class_qml(legend), "stage": shipped_style("ice_stage"),
            "concentration": shipped_style("ice_concentration")}


def _symbol(number, colour):
    properties = {"color": "{},{},{},255".format(*colour), "outline_color": OUTLINE, "outline_style": "solid",
                  "outline_width": "0.15", "outline_width_unit": "MM", "style": "solid", "joinstyle": "round"}
    lines = "\n".join(f'          <prop k="{key}" v="{value}"/>' for key, value in properties.items())
    return (f'      <symbol type="fill" name="{number}" alpha="1" clip_to_extent="1" force_rhr="0">\n'
            f'        <layer class="SimpleFill" enabled="1" locked="0" pass="0">\n{lines}\n        </layer>\n'
            f"      </symbol>")
